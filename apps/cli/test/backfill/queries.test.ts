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

test("each word of a long text is in a question of its stretch, and its words with digits are asked for by themselves", () => {
  const words = Array.from({ length: 400 }, (_, at) => `word${"abcdefghij"[at % 10]}${"klmnopqrst".repeat(at / 40)}`)
  const text = [...words.slice(0, 200), "run 4711 ended, not 4712.", ...words.slice(200)].join(" ")
  const queries = queriesFor(text)
  expect(queries).toContain("4711 4712")
  expect(words.filter((word) => !queries.some((query) => query.split(" ").includes(word)))).toEqual([])
  expect(queries.some((query) => query.includes("run 4711 ended"))).toBe(true)
})
