import fc from "fast-check"
import type { RootContent } from "mdast"
import { fromMarkdown } from "mdast-util-from-markdown"
import { gfmFromMarkdown } from "mdast-util-gfm"
import { gfm } from "micromark-extension-gfm"
import { expect, test } from "vitest"
import { splitBlocks } from "../../src/chunk/blocks.ts"
import { longDocument, plan, realBodies } from "./documents.ts"

/** What the reference parser says the top-level blocks are: kind and first line. */
function reference(markdown: string): string[] {
  const { children } = fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] })
  return children.map((node) => `${node.position!.start.line} ${kinds[node.type] ?? node.type}`)
}

const kinds: { readonly [type in RootContent["type"]]?: string } = {
  thematicBreak: "rule",
  blockquote: "quote",
  definition: "paragraph",
  footnoteDefinition: "paragraph",
}

function ours(markdown: string): string[] {
  const lines = markdown.split(/\r\n|\r|\n/)
  let line = 0
  return splitBlocks(markdown).map(({ kind, text }) => {
    while (lines[line]!.trim() === "") line++
    const found = `${line + 1} ${kind}`
    line += text.split("\n").length
    return found
  })
}

test.each([
  ["a long plan", plan],
  ["generated prose", longDocument(100).join("\n\n")],
])("%s has the blocks that the reference parser sees", (_, markdown) => {
  expect(ours(markdown)).toEqual(reference(markdown))
})

test("every text in GitHub's example payloads has the blocks that the reference parser sees", () => {
  expect(realBodies.length).toBeGreaterThan(15)
  for (const markdown of realBodies) expect(ours(markdown)).toEqual(reference(markdown))
})

// Left out: empty items and lists that begin with 2, which the reference reads differently after indented code.
test("any mixture of common lines has the blocks that the reference parser sees", () => {
  const line = fc.constantFrom(
    ..."|text|more text|# one|## two|===|---|***|- item|- [x] done|* star|1. first|  inside|    deep|```|```ts|~~~|> quoted|<details>|</details>|<!-- a comment -->|<b>bold</b> text|\\| a \\| b \\||#hash"
      .split(/(?<!\\)\|/)
      .map((each) => each.replaceAll("\\|", "|")),
    "|---|---|",
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 9 }), (lines) => {
      const markdown = lines.join("\n")
      expect(ours(markdown)).toEqual(reference(markdown))
    }),
    { numRuns: 3000 },
  )
})
