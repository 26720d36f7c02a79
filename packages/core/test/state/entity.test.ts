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

const said = (at: number, fields: EntityDraft["fields"]) =>
  entityFromDraft({ kind: "account", alias: { type: "t", value: "1" }, aliases: [], fields, at })

test("whether an address is verified is never said of another address", () => {
  const old = said(1, { email: "old@acme.example", emailVerified: true })
  expect(entityFields(mergeEntities(old, said(2, { email: "new@acme.example" })))).toEqual({
    email: "new@acme.example",
    emailVerified: false,
  })
  expect(entityFields(mergeEntities(old, said(2, { name: "Mona" })))).toMatchObject({ emailVerified: true })
  expect(entityFields(mergeEntities(old, said(2, { emailVerified: true, name: "Mona" })))).toMatchObject({
    email: "old@acme.example",
  })
  const claims = fc.array(
    fc.record({
      at: fc.constantFrom(0, 0, 1),
      email: fc.constantFrom("a@acme.example", "b@acme.example", null),
      emailVerified: fc.boolean(),
    }),
    { minLength: 1 },
  )
  fc.assert(
    fc.property(claims, (given) => {
      const merged = entityFields(given.map(({ at, ...fields }) => said(at, fields)).reduce(mergeEntities))
      expect(given.map(({ at: _, ...fields }) => fields)).toContainEqual(merged)
    }),
  )
})
