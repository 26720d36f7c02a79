import type { PartDraft } from "@engram/contracts/draft"
import type { Link } from "@engram/contracts/graph"
import fc from "fast-check"
import { expect, test } from "vitest"
import { seenIn } from "../../src/state/links.ts"
import { mergeParts, type PartState, partEdges, partFromDraft, partFromStored } from "../../src/state/part.ts"
import { claim, throughJsonb } from "./claims.ts"

const fold = (drafts: readonly PartDraft[]): PartState =>
  drafts.map(partFromDraft).reduce((merged, next) => mergeParts(merged, next))
const state = fc.array(claim(["body"]), { minLength: 1, maxLength: 4 }).map(fold)

/** As parts were once stored: with all that was seen, also what the newest list shows. */
const withAll = (part: PartState): PartState => ({
  ...part,
  seen: {
    ...Object.fromEntries(Object.entries(part.links).map(([field, list]) => [field, seenIn(list)])),
    ...part.seen,
  },
})

test("a part that was stored with all that was seen is the same part, and states the same edges", () => {
  fc.assert(
    fc.property(state, (part) => {
      expect(partFromStored(throughJsonb(withAll(part)))).toEqual(part)
      expect(partFromStored(throughJsonb(part))).toEqual(part)
      expect(partEdges(throughJsonb(withAll(part)))).toEqual(partEdges(part))
    }),
    { numRuns: 500 },
  )
})

test("what was seen is kept where the newest list does not show it", () => {
  const link: Link = { type: "ASSIGNED_TO", to: { type: "github:user", value: "1" }, confidence: 1 }
  const said = (at: number, links: Link[]): PartState =>
    partFromDraft({ partId: "body", kind: "issue", at, rank: 0, fields: {}, links: { a: links } })
  expect(said(1, [link]).seen).toEqual({})
  expect(mergeParts(said(1, [link]), said(1, [link])).seen).toEqual({})
  expect(mergeParts(said(1, [link]), said(2, [link])).seen).toHaveProperty("a")
  expect(mergeParts(said(1, [link]), said(2, [])).seen).toHaveProperty("a")
})
