import type { Topic } from "@engram/contracts/consolidation"
import type { ObservationId, ScopeId } from "@engram/contracts/ids"
import fc from "fast-check"
import { expect, test } from "vitest"
import {
  clustersOf,
  coverageOf,
  evidenceHash,
  type Member,
  summaryId,
  weightiest,
} from "../../src/consolidate/clusters.ts"
import { topicOf } from "../../src/consolidate/topics.ts"

const place = { storeId: "sto_1", window: { kind: "week", from: "2026-11-16", until: "2026-11-23" } } as const
const names = { als_a: "ent_1", als_b: "ent_1", als_c: "ent_2" } as const
const entitiesOf = (aliasId: string) => names[aliasId as keyof typeof names]

const member = fc.record({
  id: fc.nat(50).map((n) => `obs_${n}` as ObservationId),
  source: fc.constantFrom("github", "slack"),
  kind: fc.constantFrom("opened", "merged", "noted"),
  tags: fc.subarray(["incident", "decision", "release"]),
  topic: fc.constantFrom<Topic>("work", "decisions"),
  occurredAt: fc.constantFrom(0, 1, 2).map((day) => Date.parse("2026-11-16") + day * 86_400_000),
  importance: fc.constantFrom(0.1, 0.5),
  contentHash: fc.constantFrom("one", "two"),
  subjectAliasIds: fc.subarray(["als_a", "als_b", "als_c", "als_nobody"]),
  privateTo: fc.constantFrom<ScopeId | null>(null, "scp_1", "scp_2"),
  scopeIds: fc.constant<ScopeId[]>([]),
})
const members = fc.uniqueArray(member, { selector: ({ id }) => id, maxLength: 20 })
const twice = members.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })))

const seen = (all: readonly Member[]) =>
  [...clustersOf(place, all, entitiesOf)]
    .map(([id, { key, members: own }]) => ({
      id,
      key,
      hash: evidenceHash("extract:1", own),
      coverage: JSON.stringify(coverageOf(own)),
      seen: weightiest(own, 3).map((each) => each.id),
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1))

test("the same observations in any order are the same clusters, by id, hash, coverage and what a writer sees", () => {
  fc.assert(
    fc.property(twice, ([all, shuffled]) => {
      expect(seen(shuffled)).toEqual(seen(all))
    }),
  )
})

test("an observation is once in the cluster of each entity it is about, and with those of its own topic and readers only", () => {
  fc.assert(
    fc.property(members, (all) => {
      const clusters = [...clustersOf(place, all, entitiesOf).values()]
      for (const { key, members: own } of clusters) {
        expect(new Set(own).size).toBe(own.length)
        for (const each of own) expect([each.topic, each.privateTo]).toEqual([key.topic, key.scopeId])
      }
      for (const each of all) {
        const entityIds = new Set(each.subjectAliasIds.flatMap((alias) => entitiesOf(alias) ?? []))
        expect(new Set(clusters.filter((one) => one.members.includes(each)).map(({ key }) => key.entityId))).toEqual(
          entityIds,
        )
      }
    }),
  )
})

test("each part of a key makes another summary", () => {
  const key = { ...place, entityId: "ent_1", topic: "work", scopeId: null } as const
  const others = [
    key,
    { ...key, storeId: "sto_2" },
    { ...key, entityId: null },
    { ...key, topic: "goals" as const },
    { ...key, window: { ...key.window, kind: "month" as const } },
    { ...key, window: { ...key.window, from: "2026-11-09" } },
    { ...key, scopeId: "scp_1" as const },
  ]
  expect(new Set(others.map(summaryId)).size).toBe(others.length)
})

test("evidence is another when a text, a member or the writer is", () => {
  const one = { id: "obs_1", contentHash: "a" } as const
  const two = { id: "obs_2", contentHash: "b" } as const
  const hashes = [
    evidenceHash("w", [one, two]),
    evidenceHash("v", [one, two]),
    evidenceHash("w", [one]),
    evidenceHash("w", [one, { ...two, contentHash: "c" }]),
  ]
  expect(new Set(hashes).size).toBe(hashes.length)
  expect(evidenceHash("w", [two, one])).toBe(hashes[0])
})

test("the topic of an observation is decided by its kind and tags alone, the first that fits", () => {
  const of = (kind: string, ...tags: string[]) => topicOf({ kind, tags })
  expect([of("failed"), of("noted", "rfc"), of("released"), of("noted", "goal"), of("opened", "ui")]).toEqual([
    "incidents",
    "decisions",
    "releases",
    "goals",
    "work",
  ])
  expect(of("released", "incident", "decision")).toBe("incidents")
})
