import { expect, test } from "vitest"
import { type Block, block, bullet, callout, heading, paragraph, text } from "./fixtures/notion/blocks.ts"
import { ids } from "./fixtures/notion/events.ts"
import { type LabelledPage, labelled } from "./fixtures/notion/quality.ts"
import { rendered } from "./notion-delivery.ts"

function blockOf(line: string): Block {
  const words = line.replace(/^(?:#|-|>|\[\]) /, "")
  if (line.startsWith("# ")) return heading(2, words)
  if (line.startsWith("- ")) return bullet(words)
  if (line.startsWith("[] ")) return block("to_do", { rich_text: [text(words)], color: "default", checked: false })
  const [, icon = "💡", said = words] = /^(\p{Emoji}\S*) (.*)$/u.exec(words) ?? []
  return line.startsWith("> ") ? callout(icon, said) : paragraph(...bold(line))
}

/** `**so**` in a line is bold. */
const bold = (line: string) => line.split("**").map((words, n) => text(words, n % 2 === 1 ? { bold: true } : {}))

const written = (page: LabelledPage) =>
  rendered({
    title: page.title,
    blocks: page.lines.filter((line) => !line.startsWith("| ")).map(blockOf),
    places: page.in === undefined ? [] : [{ type: "page", id: ids.other, title: page.in }],
    properties: Object.fromEntries(
      page.lines
        .filter((line) => line.startsWith("| "))
        .map((line) => line.slice(2).split(": "))
        .map(([name = "", value = ""]) => [name, { id: name, type: "rich_text", rich_text: [text(value)] }]),
    ),
  })

test("agrees with a person in at least nine of ten, of forty hand-labelled pages", () => {
  const differences = labelled.filter((page) => {
    const { statements } = written(page)
    const summary = statements.find(({ kind }) => kind === "summary")?.text
    const decisions = statements.filter(({ kind }) => kind === "decision").map((each) => each.text)
    const tags = new Set(statements.filter(({ kind }) => kind === "summary").flatMap((each) => each.tags))
    const sameSummary = page.summary === undefined ? summary === undefined : summary?.startsWith(page.summary)
    const sameDecisions = JSON.stringify(decisions) === JSON.stringify(page.decisions ?? [])
    return !sameSummary || !sameDecisions || JSON.stringify([...tags]) !== JSON.stringify(page.tags ?? [])
  })
  const agreement = 1 - differences.length / labelled.length
  process.stdout.write(`notion: ${(agreement * 100).toFixed(1)} % of ${labelled.length} hand-labelled pages\n`)
  expect(labelled.length).toBeGreaterThanOrEqual(40)
  expect(
    agreement,
    JSON.stringify(
      differences.map((page) => [page, written(page).statements]),
      null,
      1,
    ),
  ).toBeGreaterThanOrEqual(0.9)
})

test("what nobody would miss weighs at most 0.2, and everything else more", () => {
  for (const page of labelled) {
    const { importance, statements } = written(page)
    const weights = [importance, ...statements.map((each) => each.importance)]
    if (page.trivial) expect(Math.max(...weights), page.title).toBeLessThanOrEqual(0.2)
    else expect(Math.min(...weights), page.title).toBeGreaterThan(0.2)
  }
})

test("decisions weigh more than what a page begins with, and incidents more than notes", () => {
  const [rfc, outage, onboarding] = [labelled[0]!, labelled[1]!, labelled[10]!].map(written)
  const weight = (page: typeof rfc, kind: string) => page!.statements.find((each) => each.kind === kind)!.importance
  expect(weight(rfc, "decision")).toBeGreaterThan(weight(rfc, "summary"))
  expect(outage!.importance).toBeGreaterThan(onboarding!.importance)
})
