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

const document = (id: string, text: string) => ({ id, data: { text } })
const question = {
  model: "command-a-03-2025",
  stream: false,
  messages: [
    { role: "system", content: "Be brief." },
    { role: "user", content: "Summarize." },
  ],
  documents: [
    document("a", "🎉 The first thing."),
    document("b", "The second thing."),
    document("c", "The third thing."),
  ],
}

async function chat(body: object, headers: Record<string, string> = {}) {
  const response = await fetch(`${server.url}/v2/chat`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: JSON.parse(await response.text()) }
}

test("a chat is answered in Cohere's shape: the same text each time, each stretch of it with its sources", async () => {
  const { status, body } = await chat(question)
  expect(status).toBe(200)
  expect(body).toMatchObject({ finish_reason: "COMPLETE", message: { role: "assistant", content: [{ type: "text" }] } })
  const { content, citations } = body.message
  expect(citations).toHaveLength(3)
  for (const { start, end, text, sources, type, content_index } of citations) {
    expect([...content[0].text].slice(start, end).join("")).toBe(text)
    expect(sources).toMatchObject([
      { type: "document", id: expect.stringMatching(/^[abc]$/), document: { text: expect.any(String) } },
    ])
    expect([type, content_index]).toEqual(["TEXT_CONTENT", 0])
  }
  expect((await chat(question)).body.message).toEqual(body.message)
  expect(server.chats).toHaveLength(2)
})

test.each([
  ["a wrong key", 401, question, { authorization: "Bearer nope" }],
  ["an unknown model", 404, { ...question, model: "command-z" }, {}],
  ["a stream", 400, { ...question, stream: true }, {}],
  ["no messages", 400, { ...question, messages: [] }, {}],
  ["a system turn that is not the first", 400, { ...question, messages: question.messages.toReversed() }, {}],
  ["an empty list of documents", 400, { ...question, documents: [] }, {}],
  ["a document without data", 400, { ...question, documents: [{ id: "a" }] }, {}],
  ["two documents of one id", 400, { ...question, documents: [document("a", "x"), document("a", "y")] }, {}],
  ["a format together with documents", 400, { ...question, response_format: { type: "json_object" } }, {}],
  ["a safety mode together with documents", 400, { ...question, safety_mode: "OFF" }, {}],
  ["thinking of a model that does not", 400, { ...question, thinking: { type: "disabled" } }, {}],
  ["a temperature below 0", 400, { ...question, temperature: -1 }, {}],
  ["more than the model's window", 400, { ...question, documents: [document("a", "word ".repeat(300_000))] }, {}],
] as const)("a chat with %s is refused with %i", async (_, status, body, headers) => {
  const before = server.chats.length
  const answer = await chat(body, headers)
  expect(answer.status).toBe(status)
  expect(answer.body.message).toEqual(expect.any(String))
  expect(server.chats).toHaveLength(before)
})

test("tricks come in the order they were asked for, and then it summarizes again", async () => {
  server.trickNext("breaks off")
  server.trickNext("no citations")
  expect((await chat(question)).body.finish_reason).toBe("MAX_TOKENS")
  expect((await chat(question)).body.message.citations).toEqual([])
  expect((await chat(question)).body.message.citations).toHaveLength(3)
})
