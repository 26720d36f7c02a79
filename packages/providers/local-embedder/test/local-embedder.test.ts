import { embedderPromises } from "@engram/testkit/embedder-promises"
import { expect, test } from "vitest"
import { createLocalEmbedder } from "../src/local-embedder.ts"

embedderPromises("the local embedder", async () => ({ embedder: createLocalEmbedder() }))

const embed = async (...texts: string[]) => createLocalEmbedder().embed(texts, "search_document")
const near = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)

test("texts without a word get the same unit vector, whatever they hold", async () => {
  const vectors = await embed("", " \n\t", "--- !!! ---")
  for (const vector of vectors) {
    expect(Math.hypot(...vector)).toBe(1)
    expect(vector).toEqual(vectors[0])
  }
})

test("lone surrogates, NUL and very long words are text like any other", async () => {
  for (const vector of await embed("\ud800", "\0", "x".repeat(200_000), "a ".repeat(50_000))) {
    expect(Math.hypot(...vector)).toBeCloseTo(1, 5)
  }
})

test("case and compatibility forms do not matter; a near spelling is near; stop words hardly count", async () => {
  const [plain, shouted, inflected, padded, other] = await embed(
    "payment service migration",
    "PAYMENT ｓｅｒｖｉｃｅ Migration",
    "payments services migrations",
    "the payment of the service and its migration",
    "flaky snapshot tests on windows",
  )
  expect(near(plain!, shouted!)).toBeCloseTo(1, 5)
  expect(near(plain!, inflected!)).toBeGreaterThan(0.15)
  expect(near(plain!, padded!)).toBeGreaterThan(0.8)
  expect(Math.abs(near(plain!, other!))).toBeLessThan(0.15)
})

test("scripts without spaces are searched by their characters", async () => {
  const [question, answer, other] = await embed("登录超时", "修复登录页面超时的问题", "升级依赖版本")
  expect(near(question!, answer!)).toBeGreaterThan(near(question!, other!) + 0.2)
})

test("the event loop runs between texts of a large batch", async () => {
  let turns = 0
  let embedding = true
  const count = () => {
    turns++
    if (embedding) setImmediate(count)
  }
  setImmediate(count)
  await embed(...Array.from({ length: 160 }, (_, i) => `text ${i}`))
  embedding = false
  expect(turns).toBeGreaterThanOrEqual(9)
})

test("a dimension it cannot have is refused in words", () => {
  expect(() => createLocalEmbedder({ dimension: 0 })).toThrow(/from 16 to 4096, not 0/)
  expect(() => createLocalEmbedder({ dimension: 1.5 })).toThrow(/whole number/)
})

// Stored vectors are compared with new ones, so the same text must give these values for as long as the model has this name.
test("local-hash-v1 gives the values it has always given", async () => {
  const embedder = createLocalEmbedder({ dimension: 16 })
  expect(embedder.model).toEqual({ provider: "local", model: "local-hash-v1", dimension: 16 })
  const texts = ["", "Fix the login timeout", "fix fix fix retry_count=3", "登录 Überprüfung 🎉"]
  const values = (await embedder.embed(texts, "search_query")).map((vector) =>
    [...vector].map((value) => value.toFixed(5)),
  )
  expect(values.map((row) => row.join(" "))).toMatchInlineSnapshot(`
    [
      "0.00000 0.00000 0.00000 0.00000 0.00000 0.00000 0.00000 0.00000 0.00000 0.00000 0.00000 1.00000 0.00000 0.00000 0.00000 0.00000",
      "-0.12989 0.06200 0.13699 0.35067 -0.07885 0.05490 0.22592 0.27934 -0.60400 -0.01299 0.09294 0.07499 0.00000 0.10483 -0.16683 0.53026",
      "-0.15066 0.05076 0.05076 0.35208 0.34385 0.20142 0.00000 0.17585 -0.14887 0.00000 0.33848 -0.20305 -0.24232 0.20516 -0.03716 0.61507",
      "0.06776 0.35579 0.33672 0.37570 0.00000 0.00000 0.00000 0.20120 0.00000 -0.56927 -0.23887 0.00000 0.03897 0.43374 0.03897 0.03897",
    ]
  `)
})
