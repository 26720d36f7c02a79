import fc from "fast-check"
import { expect, test } from "vitest"
import { splitBlocks } from "../../src/chunk/blocks.ts"
import { plan } from "./documents.ts"

const kindsOf = (markdown: string) => splitBlocks(markdown).map(({ kind }) => kind)

test("every kind of block is told apart", () => {
  expect(kindsOf(plan).join(" ")).toBe(
    "heading paragraph paragraph html paragraph heading list list heading table quote heading code heading heading code paragraph paragraph",
  )
  expect(splitBlocks("# One *two* #\n\nThree\nfour\n---")).toMatchObject([
    { text: "# One *two* #", title: "One *two*", depth: 1 },
    { text: "Three\nfour\n---", title: "Three\nfour", depth: 2 },
  ])
})

test("what no reader sees goes: comments, tags, rules, scripts", () => {
  const texts = splitBlocks(
    "<!-- a\n\nb -->\n\n***\n<style>\na {}\n</style>\n\nc <b>d</b><!-- e --><br>f <img src=g alt='h'>\n\n<div>\n  <p>i</p>\n</div>",
  ).map(({ text }) => text)
  expect(texts).toEqual(["c d\nf h", "i"])
})

test("what only looks like a tag stays: code, escapes, types, addresses, comparisons", () => {
  const code =
    "- a\n\n  ~~~html\n  <b>\n\n  <!-- c -->\n  ~~~\n- `<b>` \\<b> List<String> <https://a.test> 1 < 2 `` ` `` <!-- open"
  expect(splitBlocks(code)).toMatchObject([{ kind: "list", text: code }])
  expect(splitBlocks("```\n<b>\n```\n\n    <i>")).toMatchObject([{ text: "```\n<b>\n```" }, { text: "    <i>" }])
})

test("front matter does no harm", () => {
  const texts = splitBlocks("---\ntitle: a\ntags: b\n---\n\n# c").map(({ text }) => text)
  expect(texts).toEqual(["title: a\ntags: b\n---", "# c"])
})

test("without anything to hide, blocks hold every line in order", () => {
  const line = fc.constantFrom(
    "",
    "a",
    "# b",
    "===",
    "---",
    "- c",
    "2. d",
    "  e",
    "    f",
    "```",
    "> g",
    "| h |",
    "|---|",
    "[i]: j",
    "\tk",
  )
  fc.assert(
    fc.property(fc.array(line), fc.constantFrom("\n", "\r\n", "\r"), (lines, end) => {
      const said = lines.filter((each) => each !== "" && each !== "---")
      const kept = splitBlocks(lines.join(end)).flatMap(({ text }) => text.split("\n"))
      expect(kept.filter((each) => each !== "" && each !== "---")).toEqual(said)
    }),
    { numRuns: 1000 },
  )
})

test("a text of any length has the blocks of its parts", () => {
  const times = 100
  expect((plan.length + 2) * times).toBeGreaterThan(250_000)
  const once = splitBlocks(plan)
  expect(splitBlocks(`${plan}\n\n`.repeat(times))).toEqual(Array.from({ length: times }, () => once).flat())
})

test("a block and a line longer than the parser is given at once lose nothing", () => {
  const item = "- [x] one of many items\n"
  const list = splitBlocks(item.repeat(12_000))
  expect(list.every(({ kind }) => kind === "list")).toBe(true)
  expect(list.map(({ text }) => text).join("\n")).toBe(item.repeat(12_000).trimEnd())
  expect(splitBlocks(`a\n${"word ".repeat(50_000)}\nb`).map(({ text }) => text.length)).toEqual([1, 249_999, 1])
})
