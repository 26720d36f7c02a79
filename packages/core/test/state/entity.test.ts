import type { EntityDraft } from "@engram/contracts/graph"
import fc from "fast-check"
import { expect, test } from "vitest"
import { entityFields, entityFromDraft, mergeEntities } from "../../src/state/entity.ts"
import { claim, throughJsonb } from "./claims.ts"

const entity = claim(["x"]).map(
  ({ at, fields }): EntityDraft => ({ kind: "account", alias: { type: "t", value: "1" }, aliases: [], fields, at }),
)

test("any order and repetition of what is said of an entity gives the same fields", () => {
  const arrivals = fc
    .array(entity, { minLength: 1, maxLength: 6 })
    .chain((drafts) =>
      fc.tuple(fc.constant(drafts), fc.shuffledSubarray([...drafts, ...drafts], { minLength: drafts.length * 2 })),
    )
  fc.assert(
    fc.property(arrivals, ([drafts, arrived]) => {
      const direct = drafts.map(entityFromDraft).reduce(mergeEntities)
      const stored = arrived.map(entityFromDraft).reduce((a, b) => throughJsonb(mergeEntities(a, b)))
      expect(throughJsonb(stored)).toEqual(throughJsonb(direct))
    }),
  )
})

test("the newest payload names the entity; one that carries less takes nothing away", () => {
  const of = (at: number, fields: EntityDraft["fields"]) =>
    entityFromDraft({ kind: "account", alias: { type: "t", value: "1" }, aliases: [], fields, at })
  const state = mergeEntities(of(2, { login: "new" }), of(1, { login: "old", name: "Mona" }))
  expect(entityFields(state)).toEqual({ login: "new", name: "Mona" })
})
