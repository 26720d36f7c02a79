import type { PartDraft } from "@engram/contracts/draft"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { isDocumentLive, liveParts, mergeDocument } from "../../src/state/document.ts"
import type { PartState } from "../../src/state/part.ts"
import { claim, throughJsonb } from "./claims.ts"

const partClaim = (partId: string, claimed: Partial<PartDraft> = {}): PartDraft => ({
  partId,
  kind: "comment",
  at: 1,
  rank: 0,
  alive: true,
  fields: {},
  links: {},
  ...claimed,
})

const merged = (...drafts: PartDraft[]): readonly PartState[] => mergeDocument([], drafts).parts

describe("mergeDocument", () => {
  const drafts = fc.array(claim(["body", "comment:1", "comment:2"]), { minLength: 1, maxLength: 10 })

  test("any order, batching and repetition of the same claims gives the same document", () => {
    const arrivals = drafts.chain((claims) =>
      fc.tuple(
        fc.constant(claims),
        fc.shuffledSubarray([...claims, ...claims], { minLength: claims.length * 2 }),
        fc.nat({ max: claims.length * 2 }),
      ),
    )
    fc.assert(
      fc.property(arrivals, ([claims, arrived, cut]) => {
        const first = mergeDocument([], arrived.slice(0, cut))
        const second = mergeDocument(throughJsonb(first.parts), arrived.slice(cut))
        expect(second.parts).toEqual(mergeDocument([], claims).parts)
      }),
      { numRuns: 300 },
    )
  })

  test("what is already known changes nothing", () => {
    fc.assert(
      fc.property(drafts, (claims) => {
        const { parts } = mergeDocument([], claims)
        expect(mergeDocument(throughJsonb(parts), claims).changed).toEqual([])
      }),
    )
  })

  test("`changed` holds exactly the parts that say something new", () => {
    const before = merged(partClaim("body"), partClaim("comment:1"))
    const { changed } = mergeDocument(before, [partClaim("comment:1", { at: 2 }), partClaim("body")])
    expect(changed.map((part) => part.partId)).toEqual(["comment:1"])
  })
})

describe("isDocumentLive", () => {
  test("a removed body removes the document, whatever its comments say", () => {
    expect(isDocumentLive(merged(partClaim("body", { alive: false }), partClaim("comment:1", { at: 9 })))).toBe(false)
  })

  test("a comment alone makes a document, until its body is known", () => {
    expect(isDocumentLive(merged(partClaim("comment:1")))).toBe(true)
    expect(isDocumentLive(merged(partClaim("comment:1", { alive: false })))).toBe(false)
    expect(isDocumentLive([])).toBe(false)
  })

  test("a removed comment leaves the document", () => {
    expect(isDocumentLive(merged(partClaim("body"), partClaim("comment:1", { alive: false })))).toBe(true)
  })
})

describe("liveParts", () => {
  test("body first, then by creation and id; removed parts are not among them", () => {
    const parts = merged(
      partClaim("comment:9", { fields: { createdAt: 5 } }),
      partClaim("comment:2", { fields: { createdAt: 7 } }),
      partClaim("comment:1", { fields: { createdAt: 7 } }),
      partClaim("comment:3", { alive: false }),
      partClaim("body", { fields: { createdAt: 99 } }),
    )
    expect(liveParts(parts).map((part) => part.partId)).toEqual(["body", "comment:9", "comment:1", "comment:2"])
  })

  test("a part that states no creation stays where its first claim put it, however often it is edited", () => {
    const parts = merged(
      partClaim("b", { at: 3 }),
      partClaim("a", { at: 4 }),
      partClaim("b", { at: 8, fields: { text: "edited" } }),
    )
    expect(liveParts(parts).map((part) => part.partId)).toEqual(["b", "a"])
  })
})
