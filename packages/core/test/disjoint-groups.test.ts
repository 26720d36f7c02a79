import fc from "fast-check"
import { expect, test } from "vitest"
import { disjointGroups } from "../src/disjoint-groups.ts"

const items = fc.array(fc.array(fc.constantFrom(..."abcdefghij"), { maxLength: 3 }), { maxLength: 60 })

test("groups hold every item once, and no two groups share a key", () => {
  fc.assert(
    fc.property(items, fc.integer({ min: 1, max: 5 }), (keys, groupsMax) => {
      const numbered = keys.map((own, at) => ({ own, at }))
      const groups = disjointGroups(numbered, ({ own }) => own, groupsMax)
      expect(groups.length).toBeLessThanOrEqual(groupsMax)
      expect(groups.flat().toSorted((a, b) => a.at - b.at)).toEqual(numbered)
      const keysByGroup = groups.map((group) => new Set(group.flatMap(({ own }) => own)))
      const shared = keysByGroup.flatMap((own, g) =>
        keysByGroup.slice(g + 1).flatMap((other) => [...own].filter((key) => other.has(key))),
      )
      expect(shared).toEqual([])
    }),
  )
})

test("items that share nothing are parted evenly", () => {
  const groups = disjointGroups([..."abcdefgh"], (letter) => [letter], 3)
  expect(groups.map((group) => group.length)).toEqual([3, 3, 2])
})

test("a chain of shared keys is one group, however long", () => {
  const chain = Array.from({ length: 10_000 }, (_, at) => [`k${at}`, `k${at + 1}`])
  expect(disjointGroups(chain, (own) => own, 4)).toHaveLength(1)
})
