import fc from "fast-check"
import { countTokens as exactTokens } from "gpt-tokenizer/encoding/cl100k_base"
import MarkdownIt, { type Token } from "markdown-it"
import { describe, expect, test } from "vitest"
import { type ChunkDraft, chunkLimits, chunkSections } from "../../src/chunk/chunk.ts"
import { textHash } from "../../src/ids.ts"
import { body, chunkBody, longDocument, plan, realBodies } from "./documents.ts"

const words = (text: string): string[] => text.match(/[\p{L}\p{N}]+/gu) ?? []
const textOf = (chunks: readonly ChunkDraft[]): string => chunks.map((chunk) => chunk.text).join("\n")

function expectKeepsAll(markdown: string, chunks: readonly ChunkDraft[]): void {
  const kept = textOf(chunks)
  const shown = new MarkdownIt({ html: true }).parse(markdown, {}).flatMap(shownTexts)
  for (const text of shown) for (const word of words(text)) expect(kept).toContain(word)
}

/** The texts a rendered page would show, HTML left out. */
function shownTexts({ type, content, children }: Token): string[] {
  if (children) return children.flatMap(shownTexts)
  return ["text", "code_inline", "fence", "code_block"].includes(type) ? [content] : []
}

function expectFits(chunks: readonly ChunkDraft[]): void {
  for (const { text, tokens, textHash: hash } of chunks) {
    expect(exactTokens(text, { disallowedSpecial: new Set() })).toBeLessThanOrEqual(tokens)
    expect(tokens).toBeLessThanOrEqual(chunkLimits.maxTokens)
    expect(hash).toBe(textHash(text))
    expect(text).toBe(text.trimEnd())
  }
}

/** How many chunks of `after` have to be embedded when `before` already is. */
function changed(before: readonly ChunkDraft[], after: readonly ChunkDraft[]): number {
  const known = new Set(before.map((chunk) => chunk.textHash))
  return after.filter((chunk) => !known.has(chunk.textHash)).length
}

describe("no visible word is lost and no chunk is too long", () => {
  test("in GitHub's example payloads", () => {
    for (const markdown of realBodies) {
      expectKeepsAll(markdown, chunkBody(markdown))
      expectFits(chunkBody(markdown, "A title"))
    }
  })

  test("in a long plan with code, tables, task lists and HTML", () => {
    expectKeepsAll(plan, chunkBody(plan))
    expectFits(chunkBody(plan))
  })

  test("in any text: paragraphs, lists, code, tables, quotes of any size", () => {
    const word = fc.oneof(
      { weight: 9, arbitrary: fc.stringMatching(/^[a-zé]{1,9}$/) },
      fc.stringMatching(/^[a-z0-9]{150,400}$/),
    )
    const line = fc.array(word, { minLength: 1, maxLength: 40 }).map((all) => all.join(" "))
    const lines = fc.array(line, { minLength: 1, maxLength: 12 })
    const block = fc.oneof(
      line.map((text) => `## ${text}`),
      lines.map((all) => all.join(". ")),
      lines.map((all) => all.map((text) => `- ${text}`).join("\n")),
      lines.map((all) => all.map((text) => `> ${text}`).join("\n")),
      lines.map((all) => `\`\`\`ts\n${all.join("\n\n")}\n\`\`\``),
      lines.map((all) => `| a | b |\n|---|---|\n${all.map((text) => `| ${text} | x |`).join("\n")}`),
      lines.map((all) => `<details><summary>${all[0]}</summary>\n${all.join("<br>")}\n</details>`),
    )
    fc.assert(
      fc.property(fc.array(block, { maxLength: 8 }), line, (blocks, title) => {
        const chunks = chunkBody(blocks.join("\n\n"), title)
        expectFits(chunks)
        const kept = new Set(words(textOf(chunks)))
        // A word beyond 96 characters may be cut: then its pieces follow each other.
        const run = textOf(chunks).replace(/[^\p{L}\p{N}]/gu, "")
        const source = blocks.join("\n").replace(/<[^>]*>/g, " ")
        for (const each of words(`${title} ${source}`)) if (each.length < 96) expect(kept).toContain(each)
        for (const each of words(source)) expect(run).toContain(each.slice(0, 96))
      }),
      { numRuns: 40, endOnFailure: true },
    )
  })

  test("in any string at all", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 3000 }), (text) => {
        for (const chunk of chunkBody(text)) expect(chunk.tokens).toBeLessThanOrEqual(chunkLimits.maxTokens)
      }),
    )
  })
})

describe("an edit changes the chunks it touches", () => {
  const documents = [1, 2, 3].map((seed) => longDocument(200, seed))
  const chunksOf = (blocks: readonly string[]) => chunkBody(blocks.join("\n\n"), "Plan")
  const another = "Quite another paragraph stands here now, of some length."

  test.each([
    ["replaced", (blocks: string[], at: number) => blocks.with(at, another)],
    ["added to", (blocks: string[], at: number) => blocks.with(at, `${blocks[at]} And one more remark.`)],
    ["put in", (blocks: string[], at: number) => blocks.toSpliced(at, 0, another)],
    ["taken out", (blocks: string[], at: number) => blocks.toSpliced(at, 1)],
  ])("a paragraph %s, wherever it is in forty chunks: at most 3, once in a hundred times 4", (_, edit) => {
    const counts = documents.flatMap((blocks) => {
      const before = chunksOf(blocks)
      expect(before.length).toBeGreaterThanOrEqual(35)
      // Every third place, the first among them: it is where cutting from the start would change every chunk.
      const places = blocks.map((_, at) => at).filter((at) => at % 3 === 0)
      return places.map((at) => changed(before, chunksOf(edit(blocks, at))))
    })
    expect(counts[0]).toBeLessThanOrEqual(3)
    expect(Math.max(...counts)).toBeLessThanOrEqual(4)
    expect(counts.filter((count) => count > 3).length).toBeLessThanOrEqual(counts.length * 0.01)
  })

  test("a line put into a long code block changes at most 3 chunks", () => {
    const lines = Array.from(
      { length: 300 },
      (_, at) => `const value${at} = compute(${at * 7}, "${textHash(String(at)).slice(0, 12)}")`,
    )
    const code = (all: readonly string[]) => chunkBody(`\`\`\`ts\n${all.join("\n")}\n\`\`\``)
    for (const at of [0, 150, 300])
      expect(changed(code(lines), code(lines.toSpliced(at, 0, "inserted()")))).toBeLessThanOrEqual(3)
  })
})

describe("shape", () => {
  test("a short text is one chunk under its title", () => {
    expect(chunkBody("Short.\r\n\r\n\r\n* item", "Title")).toMatchObject([
      { partId: "body", sectionLabel: "body", text: "# Title\n\nShort.\n\n* item", occurredAt: 1 },
    ])
  })

  test("a title alone is a chunk; nothing at all is none", () => {
    expect(chunkBody("", "Title")).toMatchObject([{ partId: "body", text: "# Title" }])
    expect(chunkSections("Title", [], chunkLimits)).toMatchObject([{ partId: "body", text: "# Title" }])
    expect(chunkBody("<!-- template -->\n\n---\n", "")).toEqual([])
  })

  test("parts never share a chunk; the title stands in the body's", () => {
    const comment = { partId: "comment:1", label: "comment by mona", markdown: "First!", occurredAt: 2 }
    expect(chunkSections("T", [comment, body("Text")], chunkLimits)).toMatchObject([
      { partId: "comment:1", sectionLabel: "comment by mona", text: "First!", occurredAt: 2 },
      { partId: "body", text: "# T\n\nText" },
    ])
  })

  test("most chunks of a long text have 200 to 400 tokens", () => {
    const chunks = chunkBody(longDocument(200).join("\n\n"))
    const good = chunks.filter((chunk) => chunk.tokens >= chunkLimits.minTokens)
    expect(good.length / chunks.length).toBeGreaterThan(0.65)
  })

  test("labels follow the headings, and no heading ends a chunk", () => {
    const prose = longDocument(9).slice(1).join("\n\n")
    const chunks = chunkBody(`# Setup\n\n${prose}\n\n## Linux ##\n\n${prose}\n\nMac\n===\n\n${prose}`)
    const labels = chunks.map((chunk) => chunk.sectionLabel)
    expect([...new Set(labels)]).toEqual(["body › Setup", "body › Setup › Linux", "body › Mac"])
    for (const chunk of chunks) expect(chunk.text.split("\n").at(-1)).not.toMatch(/^#/)
  })

  test("a long table repeats its header, a long code block its fence", () => {
    const rows = Array.from({ length: 100 }, (_, at) => `| row ${at} | some value ${at} |`)
    const tables = chunkBody(["| Name | Value |", "|---|---|", ...rows].join("\n"))
    expect(tables.length).toBeGreaterThan(2)
    for (const chunk of tables) expect(chunk.text).toMatch(/^\| Name \| Value \|\n\|---\|---\|\n\| row/)
    const code = chunkBody(["```ts", ...rows, "```"].join("\n"))
    expect(code.length).toBeGreaterThan(2)
    for (const chunk of code) expect(chunk.text).toMatch(/^```ts\n[^`]+\n```$/)
  })

  test("where a passage is cut, the next chunk repeats its last sentence; at a heading it does not", () => {
    const sentences = Array.from(
      { length: 80 },
      (_, at) => `Sentence number ${at} tells about worker ${at % 7} and its ledger.`,
    )
    const [first, second] = chunkBody(sentences.join(" "))
    const last = sentences.findLast((sentence) => first!.text.includes(sentence))!
    expect(second!.text.split("\n\n")[0]).toContain(last)
    const prose = longDocument(9).slice(1).join("\n\n")
    const sections = chunkBody(`# A\n\n${prose}\n\n# B\n\n${prose}`)
    expect(sections.some((chunk) => chunk.text.startsWith("# B"))).toBe(true)
  })

  test("the plan: comments and tags go; task marks, code, alt texts and types stay", () => {
    const text = textOf(chunkBody(plan))
    expect(text).not.toMatch(/Thanks for opening|<details>|<summary>|<br|href|width=/)
    for (const kept of [
      "- [x] Load test",
      "  - [ ] with the ledger",
      "// <!-- not a comment",
      "invoice dashboard with zero",
      "List<String>",
      "`Map<string, Invoice>`",
      "Why not a bigger cron machine?",
      "cost \\| month",
    ]) {
      expect(text).toContain(kept)
    }
  })

  test("`<|endoftext|>` is text like any other", () => {
    expect(chunkBody("a <|endoftext|> b")[0]!.text).toBe("a <|endoftext|> b")
  })
})

describe("time is linear in the length of the text", () => {
  // 200,000 characters take 0.02 to 0.4 s on an idle core; what is quadratic anywhere would take minutes.
  test.each([
    "`",
    "`` ` ",
    "[",
    "*",
    "> ",
    "- a\n",
    "  ",
    "- ",
    "# ",
    "|a|b|\n|-|-|\n",
    "<a ",
    '<img alt="',
    "<!--",
    "x",
    "漢",
    "a.",
    "~~~\na\n",
    "a\n===\n",
  ])("100,000 characters of %j", (unit) => {
    const text = unit.repeat(100_000 / unit.length)
    // Time of this process, not of the clock: other test files run beside this one.
    const before = process.cpuUsage()
    const chunks = chunkBody(text)
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(8_000)
    for (const chunk of chunks) expect(chunk.tokens).toBeLessThanOrEqual(chunkLimits.maxTokens)
  })
})
