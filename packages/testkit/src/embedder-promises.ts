import type { Embedder } from "@engram/contracts/ports"
import { describe, expect, test } from "vitest"

/** What a suite is given: a fresh embedder, and, where calls cost something, how many were made since. */
export interface EmbedderUnderTest {
  readonly embedder: Embedder
  readonly calls?: () => number
  readonly close?: () => Promise<void>
}

/** Every embedder keeps these promises. */
export function embedderPromises(name: string, create: () => Promise<EmbedderUnderTest>): void {
  const using = async (check: (given: EmbedderUnderTest) => Promise<void>) => {
    const given = await create()
    try {
      await check(given)
    } finally {
      await given.close?.()
    }
  }

  describe(`${name} keeps an embedder's promises`, () => {
    test("one vector per text, of the model's dimension and of length 1", () =>
      using(async ({ embedder }) => {
        const vectors = await embedder.embed(
          ["a pull request", "an issue", "日本語のテキスト", "🎉"],
          "search_document",
        )
        expect(vectors).toHaveLength(4)
        for (const vector of vectors) {
          expect(vector).toBeInstanceOf(Float32Array)
          expect(vector).toHaveLength(embedder.model.dimension)
          expect(Math.hypot(...vector)).toBeCloseTo(1, 5)
        }
      }))

    test("vectors come in the order of their texts", () =>
      using(async ({ embedder }) => {
        const texts = ["login fails", "the deploy is red", "rename the table"]
        const together = await embedder.embed(texts, "search_document")
        for (const [i, text] of texts.entries()) {
          const [alone] = await embedder.embed([text], "search_document")
          expect(cosine(together[i]!, alone!)).toBeCloseTo(1, 5)
        }
        expect(cosine(together[0]!, together[1]!)).toBeLessThan(0.9)
      }))

    test("no texts make no call and give no vectors", () =>
      using(async ({ embedder, calls }) => {
        expect(await embedder.embed([], "search_query")).toEqual([])
        if (calls) expect(calls()).toBe(0)
      }))

    test("more texts than one call takes are embedded all the same, in order, in full calls", () =>
      using(async ({ embedder, calls }) => {
        const texts = Array.from({ length: embedder.textsMax * 2 + 5 }, (_, i) => `text number ${i}`)
        const vectors = await embedder.embed(texts, "search_document")
        expect(vectors).toHaveLength(texts.length)
        if (calls) expect(calls()).toBe(3)
        const last = texts.length - 1
        const [alone] = await embedder.embed([texts[last]!], "search_document")
        expect(cosine(vectors[last]!, alone!)).toBeCloseTo(1, 5)
      }))

    test("calls at the same time do not mix their answers", () =>
      using(async ({ embedder }) => {
        const texts = Array.from({ length: 5 }, (_, i) => Array.from({ length: 40 }, (_, j) => `caller ${i} text ${j}`))
        const answers = await Promise.all(texts.map((mine) => embedder.embed(mine, "search_document")))
        const again = await embedder.embed(texts[3]!, "search_document")
        for (const [j, vector] of again.entries()) expect(cosine(vector, answers[3]![j]!)).toBeCloseTo(1, 5)
      }))

    test("a question is nearer to the text that says it than to another", () =>
      using(async ({ embedder }) => {
        const documents = ["The login page times out after a deploy", "Bump eslint from 8 to 9"]
        const [login, eslint] = await embedder.embed(documents, "search_document")
        const [question] = await embedder.embed(["why does login time out?"], "search_query")
        expect(cosine(question!, login!)).toBeGreaterThan(cosine(question!, eslint!))
      }))

    test("a healthy embedder passes its check", () => using(async ({ embedder }) => void (await embedder.check())))
  })
}

/** Of two vectors of length 1. */
function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0)
}
