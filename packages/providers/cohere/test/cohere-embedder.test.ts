import { Rejected, RetryLater } from "@engram/contracts/errors"
import { type CohereServer, startCohereServer } from "@engram/testkit/cohere-server"
import { embedderPromises } from "@engram/testkit/embedder-promises"
import { expect, test } from "vitest"
import { type CohereEmbedderOptions, createCohereEmbedder } from "../src/cohere-embedder.ts"

function embedderOf({ url: baseUrl, apiKey }: CohereServer, options: Partial<CohereEmbedderOptions> = {}) {
  const quick = { timeoutMs: 2_000, retryBaseMs: 5, restMs: 100 }
  return createCohereEmbedder({ apiKey, baseUrl, model: "embed-v4.0", dimension: 512, ...quick, ...options })
}

async function withCohere(
  check: (server: CohereServer, embedder: ReturnType<typeof embedderOf>) => Promise<void>,
  options: Partial<CohereEmbedderOptions> = {},
): Promise<void> {
  const server = await startCohereServer({ refuse: (text) => text === "poison" })
  try {
    await check(server, embedderOf(server, options))
  } finally {
    await server.close()
  }
}

for (const [model, dimension] of [["embed-v4.0", 512] as const, ["embed-english-v3.0", 1024] as const]) {
  embedderPromises(`Cohere's ${model}`, async () => {
    const server = await startCohereServer()
    return { embedder: embedderOf(server, { model, dimension }), calls: () => server.calls.length, close: server.close }
  })
}

test("documents and questions are embedded as what they are", () =>
  withCohere(async (server, embedder) => {
    await embedder.embed(["a"], "search_document")
    await embedder.embed(["b"], "search_query")
    expect(server.calls.map(({ inputType }) => inputType)).toEqual(["search_document", "search_query"])
  }))

test("calls are full", () =>
  withCohere(async (server, embedder) => {
    const texts = Array.from({ length: 200 }, (_, i) => `text ${i}`)
    await embedder.embed(texts, "search_document")
    expect(server.calls.map((call) => call.texts.length)).toEqual([96, 96, 8])
  }))

for (const failure of [{ status: 429 }, { status: 500 }, { status: 503 }, { tear: true }, { lost: true }] as const) {
  test(`a passing failure (${JSON.stringify(failure)}) is asked again and not seen`, () =>
    withCohere(async (server, embedder) => {
      server.failNext(failure, 2)
      expect(await embedder.embed(["a"], "search_document")).toHaveLength(1)
      expect(server.requests).toHaveLength(3)
    }))
}

test("Retry-After is waited for", () =>
  withCohere(async (server, embedder) => {
    server.failNext({ status: 429, retryAfterSeconds: 1 })
    const start = performance.now()
    await embedder.embed(["a"], "search_document")
    expect(performance.now() - start).toBeGreaterThanOrEqual(990)
  }))

test("a Retry-After too long to wait for is handed to the caller at once", () =>
  withCohere(async (server, embedder) => {
    server.failNext({ status: 429, retryAfterSeconds: 60 })
    const refusal = { name: RetryLater.name, afterMs: 60_000 }
    await expect(embedder.embed(["a"], "search_document")).rejects.toMatchObject(refusal)
    expect(server.requests).toHaveLength(1)
  }))

test("a failure that lasts is for later, after four requests", () =>
  withCohere(async (server, embedder) => {
    server.failNext({ status: 500 }, 4)
    const refusal = { name: RetryLater.name, message: "Cohere answered 500", afterMs: 5_000 }
    await expect(embedder.embed(["a"], "search_document")).rejects.toMatchObject(refusal)
    expect(server.requests).toHaveLength(4)
  }))

test("silence is given up after the time limit", () =>
  withCohere(
    async (server, embedder) => {
      server.failNext({ hang: true }, 4)
      const refusal = { name: RetryLater.name, message: "Cohere did not answer within 50 ms" }
      await expect(embedder.embed(["a"], "search_document")).rejects.toMatchObject(refusal)
    },
    { timeoutMs: 50 },
  ))

test("a slow answer within the limit is an answer", () =>
  withCohere(async (server, embedder) => {
    server.failNext({ slowMs: 100 })
    expect(await embedder.embed(["a"], "search_document")).toHaveLength(1)
  }))

test("a server that is not there is for later", async () => {
  const server = await startCohereServer()
  await server.close()
  await expect(embedderOf(server).embed(["a"], "search_query")).rejects.toBeInstanceOf(RetryLater)
})

test("after eight failures in a row nothing is asked until one request finds it well", () =>
  withCohere(async (server, embedder) => {
    server.failNext({ status: 503 }, 8)
    for (let i = 0; i < 2; i++) await expect(embedder.embed(["a"], "search_query")).rejects.toBeInstanceOf(RetryLater)
    expect(embedder.breakerState()).toBe("open")
    await expect(embedder.embed(["a"], "search_query")).rejects.toThrow(/left alone/)
    expect(server.requests).toHaveLength(8)

    await expect
      .poll(() =>
        embedder.embed(["b"], "search_query").then(
          () => "well",
          () => "ill",
        ),
      )
      .toBe("well")
    expect(embedder.breakerState()).toBe("closed")
  }))

test("half open lets one request through, and the others wait for what it finds", () =>
  withCohere(
    async (server, embedder) => {
      server.failNext({ status: 503 }, 8)
      for (let i = 0; i < 2; i++) await embedder.embed(["a"], "search_query").catch(() => {})
      server.failNext({ status: 503 })
      const together = () => Promise.allSettled(Array.from({ length: 10 }, () => embedder.embed(["a"], "search_query")))
      await expect.poll(() => together().then(() => server.requests.length)).toBeGreaterThan(8)
      expect(server.requests).toHaveLength(9)
    },
    { restMs: 400 },
  ))

test("a text too long for the model is refused, not cut, and not asked again", () =>
  withCohere(
    async (server, embedder) => {
      const texts = ["short", "long ".repeat(600)]
      const refusal = { name: Rejected.name, code: "text_refused" }
      await expect(embedder.embed(texts, "search_document")).rejects.toMatchObject(refusal)
      expect(server.requests).toHaveLength(1)
    },
    { model: "embed-english-v3.0", dimension: 1024 },
  ))

test("a text the service will not embed is refused; a lone surrogate is not such a text", () =>
  withCohere(async (_, embedder) => {
    const refusal = { name: Rejected.name, code: "text_refused" }
    await expect(embedder.embed(["fine", "poison"], "search_document")).rejects.toMatchObject(refusal)
    await expect(embedder.embed([""], "search_document")).rejects.toMatchObject(refusal)
    expect(await embedder.embed(["broken \ud83d emoji"], "search_document")).toHaveLength(1)
  }))

test("a refused key names the setting to check", () =>
  withCohere(
    async (_, embedder) => {
      const refusal = { code: "credentials_refused", message: expect.stringContaining("COHERE_API_KEY") }
      await expect(embedder.embed(["a"], "search_document")).rejects.toMatchObject(refusal)
      await expect(embedder.check()).rejects.toMatchObject(refusal)
    },
    { apiKey: "wrong" },
  ))

test("an unknown model names the setting to check, and is never blamed on a text", () =>
  withCohere(
    async (_, embedder) => {
      const refusal = { code: "model_unknown", message: expect.stringContaining("EMBEDDING_MODEL") }
      await expect(embedder.embed(["a"], "search_document")).rejects.toMatchObject(refusal)
      await expect(embedder.check()).rejects.toMatchObject(refusal)
    },
    { model: "embed-v9.0" },
  ))

test("a dimension the model cannot give is refused at the start", () => {
  const options = { apiKey: "k", model: "embed-v4.0", dimension: 500, timeoutMs: 1_000 }
  expect(() => createCohereEmbedder(options)).toThrow(/embed-v4.0 gives 256, 512, 1024, 1536 dimensions, not 500/)
})

test("a check during an outage asks once", () =>
  withCohere(async (server, embedder) => {
    server.failNext({ status: 503 })
    await expect(embedder.check()).rejects.toBeInstanceOf(RetryLater)
    expect(server.requests).toHaveLength(1)
    await embedder.check()
  }))
