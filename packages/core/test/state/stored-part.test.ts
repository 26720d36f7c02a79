import type { PartDraft } from "@engram/contracts/draft"
import fc from "fast-check"
import { expect, test } from "vitest"
import { mergeParts, type PartState, partFromDraft } from "../../src/state/part.ts"
import { partFromStored, storedPart } from "../../src/state/stored-part.ts"
import { claim, throughJsonb } from "./claims.ts"

const fold = (drafts: readonly PartDraft[]): PartState =>
  drafts.map(partFromDraft).reduce((merged, next) => mergeParts(merged, next))
const state = fc.array(claim(["body"]), { minLength: 1, maxLength: 4 }).map(fold)

test("a part comes back from storage as it was, whether or not what was seen was left out", () => {
  fc.assert(
    fc.property(state, (part) => {
      expect(partFromStored(throughJsonb(storedPart(part)))).toEqual(part)
      expect(partFromStored(throughJsonb(part))).toEqual(part)
    }),
    { numRuns: 500 },
  )
})

test("one state is stored in one way, however often it was stored before", () => {
  fc.assert(
    fc.property(state, (part) => {
      const again = storedPart(partFromStored(throughJsonb(storedPart(part))))
      expect(throughJsonb(again)).toEqual(throughJsonb(storedPart(part)))
    }),
  )
})

test("what was seen is kept where the list does not show it", () => {
  const link = { type: "ASSIGNED_TO" as const, to: { type: "github:user", value: "1" }, confidence: 1 }
  const said = (at: number, links: (typeof link)[]): PartState =>
    partFromDraft({ partId: "body", kind: "issue", at, rank: 0, fields: {}, links: { a: links } })
  expect(storedPart(said(1, [link])).seen).toEqual({})
  expect(storedPart(mergeParts(said(1, [link]), said(2, [link]))).seen).toHaveProperty("a")
  expect(storedPart(mergeParts(said(1, [link]), said(2, []))).seen).toHaveProperty("a")
})
