import fc from "fast-check"
import { expect, test } from "vitest"
import type { ChunkDraft } from "../src/chunk/chunk.ts"
import { diffChunks } from "../src/diff-chunks.ts"
import { textHash } from "../src/ids.ts"

const chunks = (...texts: string[]): ChunkDraft[] =>
  texts.map((text) => ({
    partId: "body",
    sectionLabel: "body",
    text,
    textHash: textHash(text),
    tokens: 1,
    occurredAt: 0,
  }))

test("an unchanged chunk keeps its id wherever it moves; only what is new is added", () => {
  const before = diffChunks([], chunks("a", "b", "c"), "doc_1").added
  const { kept, added, removed } = diffChunks(before, chunks("x", "c", "a"), "doc_1")
  expect(kept.map(({ id, position }) => [id, position])).toEqual([
    [before[2]!.id, 1],
    [before[0]!.id, 2],
  ])
  expect(added).toMatchObject([{ text: "x", position: 0, ordinal: 0 }])
  expect(removed).toEqual([before[1]!.id])
})

test("equal texts are told apart by their ordinal, and never by the document they are not in", () => {
  const two = diffChunks([], chunks("a", "a"), "doc_1").added
  expect(two.map((chunk) => chunk.ordinal)).toEqual([0, 1])
  expect(diffChunks(two, chunks("a"), "doc_1")).toMatchObject({ added: [], removed: [two[1]!.id] })
  expect(diffChunks([], chunks("a"), "doc_2").added[0]!.id).not.toBe(two[0]!.id)
})

test("applying the difference gives the drafts, in order; a second time there is none", () => {
  const texts = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 8 })
  fc.assert(
    fc.property(texts, texts, (old, wanted) => {
      const before = diffChunks([], chunks(...old), "doc_1").added
      const { kept, added, removed } = diffChunks(before, chunks(...wanted), "doc_1")
      const after = [...kept, ...added].sort((a, b) => a.position - b.position)
      expect(after.map((chunk) => chunk.text)).toEqual(wanted)
      expect(new Set(after.map((chunk) => chunk.id)).size).toBe(wanted.length)
      expect(before.length - removed.length).toBe(kept.length)
      expect(diffChunks(after, chunks(...wanted), "doc_1")).toMatchObject({ added: [], removed: [] })
    }),
  )
})
