import { Rejected, RetryLater } from "@engram/contracts/errors"
import { type PineconeServer, type PineconeServerOptions, startPineconeServer } from "@engram/testkit/pinecone-server"
import { vectorIndexPromises } from "@engram/testkit/vector-index-promises"
import { expect, test } from "vitest"
import { createPineconeIndex, type PineconeIndexOptions } from "../src/pinecone-index.ts"

function clientOf({ url, apiKey }: PineconeServer, options: Partial<PineconeIndexOptions> = {}) {
  const quick = { timeoutMs: 2_000, retryBaseMs: 5, restMs: 100 }
  return createPineconeIndex({ apiKey, controllerHostUrl: url, ...quick, ...options })
}

for (const staleReads of [0, 3]) {
  vectorIndexPromises(`Pinecone, ${staleReads} reads behind,`, async () => {
    const server = await startPineconeServer({ staleReads })
    return { open: () => clientOf(server), close: server.close }
  })
}

async function withPinecone(
  check: (server: PineconeServer, vectors: ReturnType<typeof clientOf>) => Promise<void>,
  { server: serverOptions, client }: { server?: PineconeServerOptions; client?: Partial<PineconeIndexOptions> } = {},
): Promise<void> {
  const server = await startPineconeServer({ staleReads: 0, ...serverOptions })
  try {
    await check(server, clientOf(server, client))
  } finally {
    await server.close()
  }
}

const target = { index: "memory", namespace: "chunks" }
const record = (id: string, dimension = 4) => ({
  id,
  values: new Float32Array(dimension).fill(1 / 3),
  metadata: { source: "github" },
})

test("an index is made once, however many ask for it at once, and none may write before it is ready", () =>
  withPinecone(
    async (server, vectors) => {
      const clients = [vectors, clientOf(server), clientOf(server)]
      await Promise.all(
        clients.map(async (client, i) => {
          await client.ensure("memory", 4)
          await client.upsert(target, [record(`v${i}`)])
        }),
      )
      expect(server.created).toEqual(["memory"])
      expect(await vectors.count(target)).toBe(3)
    },
    { server: { notReadyReads: 4 } },
  ))

test("an index that was ensured is not looked up again", () =>
  withPinecone(async (server, vectors) => {
    await vectors.ensure("memory", 4)
    const asked = server.requests.length
    await vectors.ensure("memory", 4)
    await vectors.upsert(target, [record("a")])
    expect(server.requests.slice(asked).map(({ path }) => path)).toEqual(["/hosts/memory/vectors/upsert"])
  }))

test("large writes stay within 1,000 records and 2 MB a request", () =>
  withPinecone(async (server, vectors) => {
    await vectors.ensure("memory", 4)
    await vectors.upsert(
      target,
      Array.from({ length: 2_100 }, (_, i) => record(`v${i}`)),
    )
    expect(server.upserts).toEqual([1_000, 1_000, 100])

    await vectors.ensure("wide", 1_536)
    const wide = { index: "wide", namespace: "chunks" }
    const text = "é".repeat(400)
    await vectors.upsert(
      wide,
      Array.from({ length: 300 }, (_, i) => ({
        id: `v${i}`,
        values: Float32Array.from({ length: 1_536 }, (_, at) => -Math.sin(at + i) / 1e7),
        metadata: { text },
      })),
    )
    expect(await vectors.count(wide)).toBe(300)
    expect(Math.min(...server.upserts.slice(3, -1))).toBeGreaterThan(50)
  }))

test("values arrive as the float32 they were", () =>
  withPinecone(async (server, vectors) => {
    await vectors.ensure("memory", 4)
    const values = Float32Array.of(0.1, -1e-9, 123_456.79, 1 / 3)
    await vectors.upsert(target, [{ id: "a", values, metadata: {} }])
    const sent = JSON.parse(server.requests.at(-1)!.body)
    expect(Float32Array.from(sent.vectors[0].values)).toEqual(values)
  }))

for (const failure of [{ status: 429 }, { status: 500 }, { status: 503 }, { tear: true }, { lost: true }] as const) {
  test(`a passing failure (${JSON.stringify(failure)}) is asked again and not seen`, () =>
    withPinecone(async (server, vectors) => {
      server.failNext(failure)
      await vectors.ensure("memory", 4)
      server.failNext(failure, 2)
      await vectors.upsert(target, [record("a")])
      server.failNext(failure)
      expect(await vectors.query(target, record("a").values, { topK: 1 })).toMatchObject([{ id: "a" }])
      server.failNext(failure)
      await vectors.remove(target, ["a"])
      expect(await vectors.count(target)).toBe(0)
    }))
}

test("an index whose creation was answered by nobody is there all the same", () =>
  withPinecone(async (server, vectors) => {
    server.failNext({ slowMs: 0 })
    server.failNext({ lost: true })
    await vectors.ensure("memory", 4)
    await vectors.upsert(target, [record("a")])
  }))

test("Retry-After is waited for, and one too long is handed to the caller", () =>
  withPinecone(async (server, vectors) => {
    await vectors.ensure("memory", 4)
    server.failNext({ status: 429, retryAfterSeconds: 1 })
    const start = performance.now()
    await vectors.upsert(target, [record("a")])
    expect(performance.now() - start).toBeGreaterThanOrEqual(990)
    server.failNext({ status: 429, retryAfterSeconds: 60 })
    await expect(vectors.upsert(target, [record("a")])).rejects.toMatchObject({
      name: RetryLater.name,
      afterMs: 60_000,
    })
  }))

test("an outage is an error, never an empty answer", () =>
  withPinecone(
    async (server, vectors) => {
      await vectors.ensure("memory", 4)
      server.failNext({ hang: true }, 4)
      await expect(vectors.query(target, record("a").values, { topK: 1 })).rejects.toMatchObject({
        name: RetryLater.name,
        message: "Pinecone did not answer within 50 ms",
      })
      server.failNext({ status: 503 }, 4)
      await expect(vectors.count(target)).rejects.toBeInstanceOf(RetryLater)
      expect(vectors.breakerState()).toBe("open")
    },
    { client: { timeoutMs: 50 } },
  ))

test("an index deleted by hand is for later, and is made again when it is ensured again", () =>
  withPinecone(async (server, vectors) => {
    await vectors.ensure("memory", 4)
    await vectors.upsert(target, [record("a")])
    server.dropIndex("memory")
    await expect(vectors.upsert(target, [record("a")])).rejects.toBeInstanceOf(RetryLater)
    expect(await vectors.query(target, record("a").values, { topK: 1 })).toEqual([])
    await vectors.ensure("memory", 4)
    await vectors.upsert(target, [record("a")])
    expect(await vectors.count(target)).toBe(1)
  }))

test("a plan that allows no more indexes is refused with what to do, whichever status says so", () =>
  withPinecone(
    async (server, vectors) => {
      await vectors.ensure("one", 4)
      const refusal = {
        name: Rejected.name,
        code: "index_quota",
        message: expect.stringMatching(/max serverless indexes.*Delete/),
      }
      await expect(vectors.ensure("two", 4)).rejects.toMatchObject(refusal)
      const asked = server.requests.length
      server.failNext({ slowMs: 0 })
      server.failNext({ status: 429, message: "you've reached the max serverless indexes allowed" })
      await expect(vectors.ensure("three", 4)).rejects.toMatchObject(refusal)
      expect(server.requests.length - asked).toBe(2)
    },
    { server: { indexesMax: 1 } },
  ))

test("a name that no index can have is refused before anything is asked", () =>
  withPinecone(async (server, vectors) => {
    for (const name of ["ws_acme__store_default", "Upper", "-edge", "edge-", "", "x".repeat(46)]) {
      await expect(vectors.ensure(name, 4)).rejects.toMatchObject({ name: Rejected.name, code: "index_name_illegal" })
    }
    expect(server.requests).toEqual([])
  }))

test("a refused key names the setting to check", () =>
  withPinecone(
    async (_, vectors) => {
      const refusal = { code: "credentials_refused", message: expect.stringContaining("PINECONE_API_KEY") }
      await expect(vectors.ensure("memory", 4)).rejects.toMatchObject(refusal)
      await expect(vectors.check()).rejects.toMatchObject(refusal)
    },
    { client: { apiKey: "wrong" } },
  ))

test("what Pinecone will never take is refused and not asked again", () =>
  withPinecone(async (server, vectors) => {
    await vectors.ensure("memory", 4)
    const asked = server.requests.length
    const heavy = { ...record("a"), metadata: { text: "x".repeat(50_000) } }
    await expect(vectors.upsert(target, [heavy])).rejects.toMatchObject({
      code: "vector_refused",
      message: expect.stringContaining("metadata size"),
    })
    expect(server.requests.length - asked).toBe(1)
  }))

test("a check during an outage asks once", () =>
  withPinecone(async (server, vectors) => {
    server.failNext({ status: 503 })
    await expect(vectors.check()).rejects.toBeInstanceOf(RetryLater)
    expect(server.requests).toHaveLength(1)
    await vectors.check()
  }))
