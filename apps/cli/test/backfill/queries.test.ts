import fc from "fast-check"
import { expect, test } from "vitest"
import { queriesFor } from "../../src/backfill/queries.ts"

test("every text that is not blank has a question, and none is blank or longer than 400 characters", () => {
  const texts = fc.string({ unit: "grapheme", maxLength: 1_000 }).filter((text) => text.trim() !== "")
  fc.assert(
    fc.property(texts, (text) => {
      const queries = queriesFor(text)
      expect(queries.length).toBeGreaterThan(0)
      for (const query of queries) {
        expect(query.trim()).not.toBe("")
        expect(query.length).toBeLessThanOrEqual(400)
      }
    }),
  )
})

test("what full text would take for an operator is left out", () => {
  expect(queriesFor('use "npm ci" -not npm install & | ! <->')[0]).toBe("use npm ci not npm install -")
})

test("a text of stop words ends in questions of one character, the rare ones first", () => {
  expect(queriesFor("to be or not to be").slice(-3)).toEqual(["b", "r", "n"])
})
