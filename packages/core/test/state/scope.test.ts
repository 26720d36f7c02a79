import type { ScopeDraft } from "@engram/contracts/draft"
import fc from "fast-check"
import { expect, test } from "vitest"
import { mergeScopes, scopeFromDraft } from "../../src/state/scope.ts"

const draft = fc.record(
  {
    key: fc.constant("C1"),
    kind: fc.constant("channel"),
    name: fc.constantFrom("#a", "#b"),
    privacy: fc.constantFrom("org" as const, "private" as const),
    alive: fc.boolean(),
    at: fc.integer({ min: 0, max: 3 }),
  },
  { requiredKeys: ["key", "kind", "at"] },
) as fc.Arbitrary<ScopeDraft>
const of = (more: Partial<ScopeDraft>) => scopeFromDraft({ key: "C1", kind: "channel", at: 1, ...more })

test("any order and repetition of what is said of a scope gives the same state", () => {
  const arrivals = fc
    .array(draft, { minLength: 1, maxLength: 6 })
    .chain((drafts) =>
      fc.tuple(fc.constant(drafts), fc.shuffledSubarray([...drafts, ...drafts], { minLength: drafts.length * 2 })),
    )
  fc.assert(
    fc.property(arrivals, ([drafts, arrived]) => {
      expect(arrived.map(scopeFromDraft).reduce(mergeScopes)).toEqual(drafts.map(scopeFromDraft).reduce(mergeScopes))
    }),
  )
})

test("a name, a privacy and an end are as old as the payload that said them, not as the newest payload", () => {
  const said = [of({ name: "#ops", at: 1 }), of({ privacy: "org", at: 5 }), of({ alive: false, at: 3 })]
  expect(said.reduce(mergeScopes)).toMatchObject({ name: "#ops", nameAt: 1, privacy: "org", at: 5, live: false })
})

test("what nobody told is private and goes by its key, and any word on it counts for more", () => {
  expect(of({})).toMatchObject({ name: "C1", privacy: "private", live: true })
  expect(mergeScopes(of({}), of({ name: "#a", privacy: "org", at: 0 }))).toMatchObject({ name: "#a", privacy: "org" })
})

test("at equal times private wins, and a removal", () => {
  expect(mergeScopes(of({ privacy: "org" }), of({ privacy: "private" })).privacy).toBe("private")
  expect(mergeScopes(of({ alive: false }), of({ alive: true })).live).toBe(false)
})
