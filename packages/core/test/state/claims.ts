import type { PartDraft } from "@engram/contracts/draft"
import type { Link } from "@engram/contracts/graph"
import type { Json } from "@engram/contracts/json"
import fc from "fast-check"

/** Small ranges on purpose: ties of time, rank and value must be the rule, not the exception. */
const at = fc.integer({ min: 0, max: 3 })
const rank = fc.integer({ min: 0, max: 2 })

const value: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(null, 0, -0, 1, "a", "b", "", "\0", "\uD800", true, { b: 1, a: [2] }, { a: [2], b: 1 }, [1, 2]),
  fc.jsonValue() as fc.Arbitrary<Json>,
)

const fieldName = fc.constantFrom("text", "title", "constructor", "__proto__")

const link: fc.Arbitrary<Link> = fc.record(
  {
    type: fc.constantFrom("ASSIGNED_TO" as const, "PART_OF" as const),
    from: fc.constant({ type: "t", value: "f" }),
    to: fc.record({ type: fc.constant("github:user"), value: fc.constantFrom("1", "2", "3") }),
    confidence: fc.constantFrom(0.5, 1),
    requires: fc.record({ type: fc.constant("linear:team_key"), value: fc.constantFrom("ENG", "OPS") }),
  },
  { requiredKeys: ["type", "to", "confidence"] },
)

export function claim(partIds: readonly string[]): fc.Arbitrary<PartDraft> {
  return fc.record(
    {
      partId: fc.constantFrom(...partIds),
      kind: fc.constantFrom("comment", "review"),
      at,
      rank,
      alive: fc.boolean(),
      fields: entries(fieldName, value),
      links: entries(fc.constantFrom("assignees", "labels"), fc.array(link, { maxLength: 3 })),
    },
    { requiredKeys: ["partId", "kind", "at", "rank", "fields", "links"] },
  )
}

/** Postgres `jsonb` as far as a value can tell: members come back in another order, nothing else changes. */
export function throughJsonb<T>(state: T): T {
  return reordered(JSON.parse(JSON.stringify(state)) as Json) as T
}

function reordered(value: Json): Json {
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return value.map(reordered)
  const members = Object.entries(value).reverse()
  return Object.fromEntries(members.map(([key, member]) => [key, reordered(member as Json)]))
}

function entries<V>(name: fc.Arbitrary<string>, value: fc.Arbitrary<V>): fc.Arbitrary<{ [name: string]: V }> {
  return fc.array(fc.tuple(name, value), { maxLength: 3 }).map((pairs) => Object.fromEntries(pairs))
}
