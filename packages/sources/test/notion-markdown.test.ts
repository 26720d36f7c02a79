import { expect, test } from "vitest"
import { blocksToMarkdown } from "../src/notion/markdown.ts"
import { markdownOf, mentionsIn } from "../src/notion/rich-text.ts"
import {
  type Block,
  block,
  bullet,
  callout,
  equation,
  heading,
  mention,
  numbered,
  paragraph,
  text,
} from "./fixtures/notion/blocks.ts"
import { ids } from "./fixtures/notion/events.ts"

const color = "default" as const
const hex = (id: string) => id.replaceAll("-", "")
const file = {
  type: "file" as const,
  file: { url: "https://prod-files.notion/x?X-Amz-Signature=abc", expiry_time: "2026-01-05T10:00:00.000Z" },
}
const external = (url: string) => ({ type: "external" as const, external: { url } })
const row = (...cells: string[]) => block("table_row", { cells: cells.map((cell) => [text(cell)]) })
const table = (...rows: Block[]) =>
  block("table", { has_column_header: true, has_row_header: false, table_width: 2 }, rows)
const toDo = (words: string, checked: boolean) => block("to_do", { rich_text: [text(words)], color, checked })
const toggle = (words: string, children: Block[]) => block("toggle", { rich_text: [text(words)], color }, children)
const quote = (words: string, children: Block[] = []) => block("quote", { rich_text: [text(words)], color }, children)
const code = (content: string, language: "typescript" | "plain text" = "typescript") =>
  block("code", { rich_text: [text(content)], caption: [], language })

test.each<[string, Block[], string]>([
  ["paragraphs", [paragraph(text("One.")), paragraph(text("")), paragraph(text("Two."))], "One.\n\nTwo."],
  ["headings", [heading(1, "A"), heading(2, "B"), heading(3, "C")], "# A\n\n## B\n\n### C"],
  ["a toggle heading", [heading(2, "More", [paragraph(text("inside"))])], "## More\n\ninside"],
  ["nested lists", [bullet("a", [bullet("b", [bullet("c")])]), bullet("d")], "- a\n  - b\n    - c\n- d"],
  [
    "numbers that begin again",
    [numbered("a"), numbered("b"), paragraph(text("x")), numbered("c")],
    "1. a\n2. b\n\nx\n\n1. c",
  ],
  ["to-dos", [toDo("done", true), toDo("open", false)], "- [x] done\n- [ ] open"],
  [
    "a toggle",
    [toggle("Details", [paragraph(text("first")), code("x")])],
    "- Details\n  first\n\n  ```typescript\n  x\n  ```",
  ],
  ["a quote with more in it", [quote("said\ntwice", [paragraph(text("by me"))])], "> said\n> twice\n>\n> by me"],
  ["a callout", [callout("💡", "Remember")], "> 💡 Remember"],
  ["a table", [table(row("a", "b"), row("c|d", "e\nf"))], "| a | b |\n| --- | --- |\n| c\\|d | e f |"],
  ["code that holds a fence", [code("```\nx\n```", "plain text")], "````\n```\nx\n```\n````"],
  ["an equation", [block("equation", { expression: "e=mc^2" })], "$$\ne=mc^2\n$$"],
  ["a divider", [paragraph(text("a")), block("divider", {}), paragraph(text("b"))], "a\n\n---\n\nb"],
  [
    "columns, in reading order",
    [
      block("column_list", {}, [
        block("column", {}, [paragraph(text("left"))]),
        block("column", {}, [paragraph(text("right"))]),
      ]),
    ],
    "left\n\nright",
  ],
  ["a synced block", [block("synced_block", { synced_from: null }, [paragraph(text("shared"))])], "shared"],
  [
    "a synced copy that cannot be read",
    [block("synced_block", { synced_from: { type: "block_id", block_id: ids.block } })],
    "",
  ],
  ["a child page", [block("child_page", { title: "Below" })], `[Below](https://www.notion.so/${hex(ids.block)})`],
  [
    "a child database",
    [block("child_database", { title: "" })],
    `[Untitled database](https://www.notion.so/${hex(ids.block)})`,
  ],
  [
    "a link to a page",
    [block("link_to_page", { type: "page_id", page_id: ids.other })],
    `https://www.notion.so/${hex(ids.other)}`,
  ],
  [
    "a picture elsewhere",
    [block("image", { ...external("https://x.org/a.png"), caption: [text("A chart")] })],
    "![A chart](https://x.org/a.png)",
  ],
  [
    "a picture that Notion keeps, without its signed address",
    [block("image", { ...file, caption: [text("A chart")] })],
    "(image: A chart)",
  ],
  ["a file that Notion keeps", [block("file", { ...file, caption: [], name: "plan.pdf" })], "(file: plan.pdf)"],
  ["a picture without a word", [block("image", { ...file, caption: [] })], ""],
  ["a bookmark", [block("bookmark", { url: "https://x.org", caption: [] })], "https://x.org"],
  [
    "an embed with a caption",
    [block("embed", { url: "https://x.org", caption: [text("Board")] })],
    "[Board](https://x.org)",
  ],
  ["what a page has and a text has not", [block("breadcrumb", {}), block("table_of_contents", { color })], ""],
  [
    "text that looks like structure",
    [paragraph(text("# no heading\n- no item\n1. none\n> none"))],
    "\\# no heading\n\\- no item\n\\1. none\n\\> none",
  ],
  [
    "a block of tomorrow",
    [{ type: "hologram", hologram: { rich_text: [text("seen")] }, children: [paragraph(text("within"))] } as never],
    "seen\n\nwithin",
  ],
])("%s", (_, blocks, markdown) => {
  expect(blocksToMarkdown(blocks)).toBe(markdown)
})

test("rich text keeps its marks, links, mentions and formulas", () => {
  const said = markdownOf([
    text("We "),
    text("must ", { bold: true }),
    text("really", { bold: true, italic: true }),
    text(" not "),
    text("drop()", { code: true }),
    text(", see "),
    text("the docs", {}, "https://x.org/docs"),
    text(" and "),
    mention({ type: "page", page: { id: ids.other } }, "The plan"),
    text(", "),
    mention({ type: "user", user: { object: "user", id: ids.person } }, "@Ada"),
    text(" on "),
    mention({ type: "date", date: { start: "2026-01-05", end: null, time_zone: null } }, "2026-01-05"),
    text(": "),
    equation("x^2"),
  ])
  expect(said).toBe(
    `We **must** **_really_** not \`drop()\`, see [the docs](https://x.org/docs) and [The plan](https://www.notion.so/${hex(ids.other)}), @Ada on 2026-01-05: $x^2$`,
  )
})

test("a word that an edit cut in two reads as one", () => {
  expect(markdownOf([text("over", { bold: true }), text("flow", { bold: true })])).toBe("**overflow**")
})

test("mentions are found however deep they lie, once each", () => {
  const named = mention({ type: "user", user: { object: "user", id: ids.person } }, "@Ada")
  const blocks = [
    toggle("x", [quote("y", [paragraph(named, named)])]),
    block("link_to_page", { type: "database_id", database_id: ids.database }),
  ]
  const targets = mentionsIn(blocks).map(({ to }) => `${to.type} ${to.value}`)
  expect(targets.sort()).toEqual([`notion:database ${ids.database}`, `notion:user ${ids.person}`])
})

test("blocks nested without reason neither exhaust the stack nor the time", () => {
  let deep: Block = paragraph(text("deep"))
  for (let n = 0; n < 3_000; n++) deep = bullet(`${n}`, [deep])
  expect(blocksToMarkdown([deep]).split("\n").length).toBeLessThan(100)
  const wide = Array.from({ length: 20_000 }, (_, n) => bullet(`item ${n} ${"`*_[".repeat(20)}`))
  const started = process.cpuUsage()
  expect(blocksToMarkdown(wide).split("\n")).toHaveLength(20_000)
  expect(process.cpuUsage(started).user / 1_000).toBeLessThan(10_000)
})
