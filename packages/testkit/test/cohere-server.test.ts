import { afterAll, beforeAll, expect, test } from "vitest"
import { type CohereServer, startCohereServer } from "../src/cohere-server.ts"

let server: CohereServer
beforeAll(async () => {
  server = await startCohereServer({ refuse: (text) => text === "poison" })
})
afterAll(() => server.close())

const valid = { model: "embed-v4.0", texts: ["a"], input_type: "search_document", embedding_types: ["float"] }

async function embed(body: object | string, headers: Record<string, string> = {}) {
  const response = await fetch(`${server.url}/v2/embed`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  })
  return { status: response.status, body: JSON.parse(await response.text()) }
}

test("a valid request is answered in Cohere's shape, in order, with the dimension asked for", async () => {
  const { status, body } = await embed({ ...valid, texts: ["a", "b"], output_dimension: 256 })
  expect(status).toBe(200)
  expect(body).toMatchObject({
    texts: ["a", "b"],
    response_type: "embeddings_by_type",
    meta: { billed_units: { input_tokens: 2 } },
  })
  expect(body.embeddings.float.map((values: number[]) => values.length)).toEqual([256, 256])
  expect(server.calls.at(-1)).toEqual({ texts: ["a", "b"], inputType: "search_document" })
})

test("without a dimension v4 gives its default, 1,536", async () => {
  expect((await embed(valid)).body.embeddings.float[0]).toHaveLength(1_536)
})

test("vectors are not of length 1, so that nobody relies on it", async () => {
  const [values] = (await embed(valid)).body.embeddings.float
  expect(Math.hypot(...values)).toBeCloseTo(1.7, 5)
})

const long = "word ".repeat(600)
test.each([
  ["a wrong key", 401, valid, { authorization: "Bearer nope" }],
  ["no key", 401, valid, { authorization: "" }],
  ["broken JSON", 400, "{", {}],
  ["another content type", 400, valid, { "content-type": "text/plain" }],
  ["no texts", 400, { ...valid, texts: [] }, {}],
  ["97 texts", 400, { ...valid, texts: Array.from({ length: 97 }, () => "a") }, {}],
  ["an empty text", 400, { ...valid, texts: ["a", ""] }, {}],
  ["a lone surrogate", 400, { ...valid, texts: ["\ud83d"] }, {}],
  ["no input type", 400, { ...valid, input_type: undefined }, {}],
  ["an unknown input type", 400, { ...valid, input_type: "document" }, {}],
  ["no embedding type", 400, { ...valid, embedding_types: [] }, {}],
  ["a field it does not know", 400, { ...valid, dimension: 512 }, {}],
  ["an unknown model", 404, { ...valid, model: "embed-v9" }, {}],
  ["a dimension v4 cannot give", 400, { ...valid, output_dimension: 500 }, {}],
  ["a dimension for a v3 model", 400, { ...valid, model: "embed-english-v3.0", output_dimension: 1024 }, {}],
  [
    "a text too long, not to be cut",
    400,
    { ...valid, model: "embed-english-v3.0", texts: [long], truncate: "NONE" },
    {},
  ],
  ["a text it was told to refuse", 400, { ...valid, texts: ["poison"] }, {}],
] as const)("%s is refused with %i", async (_, status, body, headers) => {
  const before = server.calls.length
  const answer = await embed(body, headers)
  expect(answer.status).toBe(status)
  expect(answer.body.message).toEqual(expect.any(String))
  expect(server.calls).toHaveLength(before)
})

test("a text too long is cut only when asked to be", async () => {
  expect((await embed({ ...valid, model: "embed-english-v3.0", texts: [long], truncate: "END" })).status).toBe(200)
})

test("failures come in the order they were asked for, and then it is well", async () => {
  server.failNext({ status: 429, retryAfterSeconds: 7 })
  server.failNext({ status: 503 })
  const headers = { authorization: `Bearer ${server.apiKey}` }
  const first = await fetch(`${server.url}/v1/models/embed-v4.0`, { headers })
  expect([first.status, first.headers.get("retry-after")]).toEqual([429, "7"])
  expect((await embed(valid)).status).toBe(503)
  expect((await embed(valid)).status).toBe(200)
  server.failNext({ tear: true })
  await expect(embed(valid)).rejects.toThrow()
})
