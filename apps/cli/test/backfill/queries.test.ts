import fc from "fast-check"
import { expect, test } from "vitest"
import { queriesFor } from "../../src/backfill/queries.ts"
import { createRareWords } from "../../src/backfill/rare-words.ts"

const rareAmong = (...texts: string[]) => {
  const rareWords = createRareWords()
  for (const text of texts) rareWords.add(text)
  return rareWords
}
const textsFor = (content: string): string[] => queriesFor(content, rareAmong(content)).map(({ text }) => text)

test("every text that is not blank has a question, and none is blank or, but for the text itself, longer than 400 characters", () => {
  const texts = fc.string({ unit: "grapheme", maxLength: 1_000 }).filter((text) => text.trim() !== "")
  fc.assert(
    fc.property(texts, (text) => {
      const queries = textsFor(text)
      expect(queries.length).toBeGreaterThan(0)
      for (const query of queries) {
        expect(query.trim()).not.toBe("")
        if (query !== text.trim()) expect(query.length).toBeLessThanOrEqual(400)
      }
    }),
  )
})

test("what full text would take for an operator is left out", () => {
  expect(textsFor('use "npm ci" -not npm install & | ! <->')[0]).toBe("use npm ci not npm install -")
})

test("a text of stop words ends in questions of one character, the rare ones first", () => {
  expect(textsFor("to be or not to be").slice(-3)).toEqual(["b", "r", "n"])
})

test("each word of a long text is in a question of its stretch, and its words with digits are asked for by themselves", () => {
  const words = Array.from({ length: 400 }, (_, at) => `word${"abcdefghij"[at % 10]}${"klmnopqrst".repeat(at / 40)}`)
  const text = [...words.slice(0, 200), "run 4711 ended, not 4712.", ...words.slice(200)].join(" ")
  const queries = textsFor(text)
  expect(queries).toContain("4711 4712")
  expect(words.filter((word) => !queries.some((query) => query.split(" ").includes(word)))).toEqual([])
  expect(queries.some((query) => query.includes("run 4711 ended"))).toBe(true)
})

test("the text itself is a question as it stands, of a long one the first 4,000 characters", () => {
  const text = '{\n "a": true,\n "b": false\n}'
  expect(textsFor(text)).toContain(text)
  const long = "what was said and what follows; ".repeat(200)
  expect(textsFor(long)).toContain(long.slice(0, 4_000).trim())
})

test("the words that the fewest texts have are asked for before the rest, each by itself", () => {
  const common = Array.from({ length: 300 }, (_, n) => `the deploy of service ${n % 7} went well`)
  const text = "the deploy of service 3 went well, said Ottoline"
  const queries = queriesFor(text, rareAmong(...common, text))
  expect(queries[1]).toEqual({ text: "ottoline said 3 service deploy went", matches: true })
  expect(queries[2]).toEqual({ text: "ottoline", matches: true })
})

test("an answer says that a text is not there only if the contract promises that the question matches it", () => {
  const matching = (content: string) =>
    queriesFor(content, rareAmong(content)).flatMap(({ text, matches }) => (matches ? [text] : []))
  const address = "see http://example.com/a/12?x=1&y=2 -today"
  expect(matching(address)).toContain("http://example.com/a/12?x=1&y=2")
  expect(matching(address)).not.toContain(address)
  expect(matching(address)).not.toContain("12 1 2")
  const oneWord = "x9".repeat(3_000)
  expect(matching(oneWord)).toEqual(["9", "x"])
})
