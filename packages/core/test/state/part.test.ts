import type { PartDraft } from "@engram/contracts/draft"
import type { Link } from "@engram/contracts/graph"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import {
  isLive,
  mergedPart,
  mergeParts,
  type PartState,
  partEdges,
  partFromDraft,
  samePart,
} from "../../src/state/part.ts"
import { claim, throughJsonb } from "./claims.ts"

const draft = claim(["body"])
const state = fc.array(draft, { minLength: 1, maxLength: 4 }).map((drafts) => fold(drafts))

const fold = (drafts: readonly PartDraft[]): PartState =>
  drafts.map(partFromDraft).reduce((merged, next) => mergeParts(merged, next))

const said = (claimed: Partial<PartDraft>): PartState =>
  partFromDraft({ partId: "body", kind: "issue", at: 1, rank: 0, fields: {}, links: {}, ...claimed })

const assigned = (value: string, confidence = 1): Link => ({
  type: "ASSIGNED_TO",
  to: { type: "github:user", value },
  confidence,
})

describe("merging parts is a join", () => {
  test("commutative", () => {
    fc.assert(
      fc.property(state, state, (a, b) => {
        expect(mergeParts(a, b)).toEqual(mergeParts(b, a))
      }),
    )
  })

  test("associative", () => {
    fc.assert(
      fc.property(state, state, state, (a, b, c) => {
        expect(mergeParts(mergeParts(a, b), c)).toEqual(mergeParts(a, mergeParts(b, c)))
      }),
    )
  })

  test("idempotent", () => {
    fc.assert(
      fc.property(state, state, (a, b) => {
        expect(mergeParts(mergeParts(a, b), b)).toEqual(mergeParts(a, b))
      }),
    )
  })

  test("any order, repetition and storing in between gives the same state", () => {
    const arrivals = fc
      .array(draft, { minLength: 1, maxLength: 8 })
      .chain((drafts) =>
        fc.tuple(
          fc.constant(drafts),
          fc.array(fc.constantFrom(...drafts)).map((more) => [...more, ...drafts]),
        ),
      )
      .chain(([drafts, repeated]) =>
        fc.tuple(fc.constant(drafts), fc.shuffledSubarray(repeated, { minLength: repeated.length })),
      )
    fc.assert(
      fc.property(arrivals, ([drafts, arrived]) => {
        const stored = arrived
          .map(partFromDraft)
          .reduce((merged, next) => throughJsonb(mergeParts(merged, throughJsonb(next))))
        expect(stored).toEqual(fold(drafts))
        expect(samePart(stored, fold(drafts))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test("samePart tells apart a newer list of the same links, and a link that only an older list held", () => {
    const list = (at: number, ...links: Link[]) => said({ at, links: { a: links } })
    const once = list(1, assigned("1"))
    expect(samePart(once, mergeParts(once, list(2, assigned("1"))))).toBe(false)
    expect(samePart(mergeParts(said({ at: 1 }), list(2)), mergeParts(once, list(2)))).toBe(false)
  })

  test("samePart tells apart exactly the states that differ", () => {
    fc.assert(
      fc.property(state, state, (a, b) => {
        const equal = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))
        expect(samePart(a, b)).toBe(equal)
        expect(samePart(a, throughJsonb(a))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})

const sorted = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return value.map(sorted)
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => [key, sorted(member)])
}

describe("fields", () => {
  test("a claim changes only the fields it carries", () => {
    const merged = mergeParts(said({ fields: { title: "a", text: "b" } }), said({ at: 2, fields: { title: "c" } }))
    expect(mergedPart(merged)).toMatchObject({ fields: { title: "c", text: "b" }, at: 2 })
  })

  test("a late older claim changes nothing it does not add", () => {
    const merged = mergeParts(
      said({ at: 5, fields: { title: "new" } }),
      said({ at: 2, fields: { title: "old", url: "u" } }),
    )
    expect(mergedPart(merged).fields).toEqual({ title: "new", url: "u" })
  })

  test("at equal times the greater rank wins", () => {
    const merged = mergeParts(
      said({ rank: 2, fields: { state: "closed" } }),
      said({ rank: 1, fields: { state: "open" } }),
    )
    expect(mergedPart(merged).fields).toEqual({ state: "closed" })
  })

  test("an empty value is a value: it replaces what was there", () => {
    const merged = mergeParts(said({ fields: { text: "a" } }), said({ at: 2, fields: { text: "" } }))
    expect(mergedPart(merged).fields).toEqual({ text: "" })
  })

  test("text that Postgres would refuse is kept, its bad characters replaced", () => {
    expect(mergedPart(said({ fields: { text: "a\0b\uD800c" } })).fields).toEqual({ text: "a\uFFFDb\uFFFDc" })
  })
})

describe("removal", () => {
  const removed = said({ at: 5, rank: 0, alive: false })

  test.each([0, 1, 1000])("wins a tie against a claim of life of rank %i", (rank) => {
    const alive = said({ at: 5, rank, alive: true })
    expect(isLive(mergeParts(alive, removed))).toBe(false)
    expect(isLive(mergeParts(removed, alive))).toBe(false)
  })

  test("is undone only by a strictly newer restore", () => {
    expect(isLive(mergeParts(removed, said({ at: 6, alive: true })))).toBe(true)
    expect(isLive(mergeParts(removed, said({ at: 4, alive: true })))).toBe(false)
  })

  test("before its create leaves a tombstone", () => {
    const merged = mergeParts(removed, said({ at: 1, alive: true, fields: { text: "late" } }))
    expect(isLive(merged)).toBe(false)
    expect(merged.fields).toEqual({})
  })

  test("takes the text along for good: a restore brings only what was said after the removal", () => {
    const removed = mergeParts(said({ at: 1, alive: true, fields: { text: "secret" } }), said({ at: 2, alive: false }))
    expect(JSON.stringify(removed)).not.toContain("secret")
    const restored = mergeParts(removed, said({ at: 3, alive: true, fields: { title: "back" } }))
    const late = mergeParts(restored, said({ at: 1, alive: true, fields: { text: "secret" } }))
    expect(isLive(late)).toBe(true)
    expect(mergedPart(late).fields).toEqual({ title: "back" })
  })

  test("fields alone make nobody live", () => {
    expect(isLive(said({ fields: { title: "a" } }))).toBe(false)
  })
})

describe("edges", () => {
  test("begin at the earliest list that holds them, whatever arrives first", () => {
    const merged = mergeParts(
      said({ at: 5, links: { a: [assigned("1")] } }),
      said({ at: 2, links: { a: [assigned("1")] } }),
    )
    expect(partEdges(merged)).toEqual([{ ...assigned("1"), since: 2, until: null }])
  })

  test("end when the newest list no longer holds them", () => {
    const merged = mergeParts(
      said({ at: 9, links: { a: [assigned("2")] } }),
      said({ at: 2, links: { a: [assigned("1")] } }),
    )
    expect(partEdges(merged)).toEqual([
      { ...assigned("1"), since: 2, until: 9 },
      { ...assigned("2"), since: 9, until: null },
    ])
  })

  test("an empty list ends them all, an absent one none", () => {
    const one = said({ at: 1, links: { a: [assigned("1")] } })
    expect(partEdges(mergeParts(one, said({ at: 2, links: { a: [] } })))).toMatchObject([{ until: 2 }])
    expect(partEdges(mergeParts(one, said({ at: 2 })))).toMatchObject([{ until: null }])
  })

  test("an edge that was listed by a claim older than the removal ended at the removal", () => {
    const merged = mergeParts(
      said({ at: 2, alive: true, links: { a: [assigned("1")] } }),
      said({ at: 7, alive: false }),
    )
    expect(partEdges(merged)).toMatchObject([{ since: 2, until: 7 }])
    expect(partEdges(mergeParts(merged, said({ at: 8, alive: true })))).toMatchObject([{ since: 2, until: null }])
  })

  test("an edge ended at the removal, also when a list that no longer holds it came after", () => {
    const removed = mergeParts(
      said({ at: 2, alive: true, links: { a: [assigned("1")] } }),
      said({ at: 7, alive: false }),
    )
    const merged = mergeParts(removed, said({ at: 9, links: { a: [] } }))
    expect(partEdges(merged)).toMatchObject([{ since: 2, until: 7 }])
  })

  test("order and repetition in a list carry no meaning; of equal links the surer one counts", () => {
    const a = said({ links: { a: [assigned("1", 0.5), assigned("2"), assigned("1")] } })
    const b = said({ links: { a: [assigned("2"), assigned("1")] } })
    expect(samePart(a, b)).toBe(true)
  })

  test("every link ever listed is an edge, and never ends before it begins", () => {
    fc.assert(
      fc.property(fc.array(draft, { minLength: 1, maxLength: 6 }), (drafts) => {
        const edges = partEdges(fold(drafts))
        const keys = (links: readonly Link[]) => links.map(({ type, from, to }) => JSON.stringify([type, from, to]))
        const listed = drafts.flatMap((each) => Object.values(each.links).flat())
        expect(new Set(keys(edges))).toEqual(new Set(keys(listed)))
        for (const edge of edges) expect(edge.until ?? edge.since).toBeGreaterThanOrEqual(edge.since)
      }),
    )
  })
})
