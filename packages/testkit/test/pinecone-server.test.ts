import { afterAll, beforeAll, expect, test } from "vitest"
import { type PineconeServer, startPineconeServer } from "../src/pinecone-server.ts"

let server: PineconeServer
beforeAll(async () => {
  server = await startPineconeServer({ staleReads: 2, notReadyReads: 0, indexesMax: 2 })
  expect((await ask("/indexes", index("memory"))).status).toBe(201)
  expect((await upsert([{ id: "seed", values: [0, 1] }])).status).toBe(200)
})
afterAll(() => server.close())

async function ask(path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(server.url + path, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      "api-key": server.apiKey,
      "x-pinecone-api-version": "2026-07",
      "content-type": "application/json",
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : text }
}

function index(name: string, dimension = 2) {
  const deployment = { deployment_type: "managed", cloud: "aws", region: "us-east-1" }
  return { name, deployment, schema: { fields: { _values: { type: "dense_vector", dimension, metric: "cosine" } } } }
}

const upsert = (vectors: unknown[], namespace = "chunks") => ask("/hosts/memory/vectors/upsert", { vectors, namespace })
const query = (body: object) => ask("/hosts/memory/query", { vector: [1, 0], topK: 5, namespace: "chunks", ...body })
const vector = { id: "a", values: [1, 0] }

test.each([
  ["Upper case", "Memory"],
  ["underscores", "ws_a__store_b"],
  ["a hyphen at the end", "memory-"],
  ["46 characters", "x".repeat(46)],
])("an index name with %s is refused", async (_, name) => {
  expect(await ask("/indexes", index(name))).toMatchObject({
    status: 400,
    body: { error: { code: "INVALID_ARGUMENT" } },
  })
})

test("the shape of an older API version is refused", async () => {
  const old = {
    name: "old",
    dimension: 2,
    metric: "cosine",
    spec: { serverless: { cloud: "aws", region: "us-east-1" } },
  }
  expect((await ask("/indexes", old)).status).toBe(400)
  expect((await ask("/indexes", undefined, { "x-pinecone-api-version": "2025-01" })).status).toBe(400)
})

test("an index is made once, described with its host, and counted against the plan", async () => {
  expect((await ask("/indexes", index("memory"))).status).toBe(409)
  const { body } = await ask("/indexes/memory")
  expect(body).toMatchObject({
    name: "memory",
    host: `${server.url}/hosts/memory`,
    status: { ready: true, state: "Ready" },
  })
  expect((await ask("/indexes", index("second"))).status).toBe(201)
  const over = await ask("/indexes", index("third"))
  expect(over).toMatchObject({
    status: 403,
    body: { error: { message: expect.stringContaining("max serverless indexes") } },
  })
  expect((await ask("/indexes/third")).status).toBe(404)
})

test("nothing is told or done without the key", async () => {
  for (const path of ["/indexes", "/indexes/memory"])
    expect((await ask(path, undefined, { "api-key": "no" })).status).toBe(401)
})

const many = Array.from({ length: 1_001 }, (_, i) => ({ id: `v${i}`, values: [1, 0] }))
test.each([
  ["no vectors", []],
  ["1,001 vectors", many],
  ["more than 2 MB", many.slice(0, 60).map((each) => ({ ...each, metadata: { text: "x".repeat(38_000) } }))],
  ["another dimension", [{ id: "a", values: [1, 0, 0] }]],
  ["nothing but zeros", [{ id: "a", values: [0, 0] }]],
  ["an empty id", [{ ...vector, id: "" }]],
  ["null in metadata", [{ ...vector, metadata: { source: null } }]],
  ["an object in metadata", [{ ...vector, metadata: { source: { name: "github" } } }]],
  ["a list of numbers in metadata", [{ ...vector, metadata: { labels: [1] } }]],
  ["metadata over 40 KB", [{ ...vector, metadata: { text: "x".repeat(41_000) } }]],
])("an upsert of %s is refused", async (_, vectors) => {
  const before = server.upserts.length
  expect((await upsert(vectors)).status).toBe(400)
  expect(server.upserts).toHaveLength(before)
})

test.each([
  ["topK 0", { topK: 0 }],
  ["topK 10,001", { topK: 10_001 }],
  ["another dimension", { vector: [1] }],
  ["an empty filter", { filter: {} }],
  ["an empty list", { filter: { source: { $in: [] } } }],
  ["an unknown operator", { filter: { source: { $like: "git%" } } }],
])("a query with %s is refused", async (_, body) => {
  expect((await query(body)).status).toBe(400)
})

test("a delete without ids, of 1,001 ids, or in a namespace that is not there is refused", async () => {
  const remove = (body: object) => ask("/hosts/memory/vectors/delete", body)
  expect((await remove({ namespace: "chunks" })).status).toBe(400)
  expect((await remove({ namespace: "chunks", ids: many.map(({ id }) => id) })).status).toBe(400)
  expect((await remove({ namespace: "nowhere", ids: ["a"] })).status).toBe(404)
  expect((await ask("/hosts/nothing/vectors/delete", { namespace: "chunks", ids: ["a"] })).status).toBe(404)
})

test("reads trail writes", async () => {
  await upsert([vector], "late")
  const ids = async () => (await query({ namespace: "late" })).body.matches.map(({ id }: { id: string }) => id)
  expect([await ids(), await ids(), await ids()]).toEqual([[], [], ["a"]])
})

test("a new index takes nothing before it is ready", async () => {
  const slow = await startPineconeServer({ notReadyReads: 1 })
  const headers = { "api-key": slow.apiKey, "x-pinecone-api-version": "2026-07" }
  const post = (path: string, body: object) =>
    fetch(slow.url + path, { method: "POST", headers, body: JSON.stringify(body) })
  const describe = async () => (await fetch(`${slow.url}/indexes/fresh`, { headers })).json()
  const write = () => post("/hosts/fresh/vectors/upsert", { vectors: [vector] })

  expect(await (await post("/indexes", index("fresh"))).json()).toMatchObject({ status: { ready: false } })
  expect((await write()).status).toBe(503)
  expect(await describe()).toMatchObject({ status: { ready: false, state: "Initializing" } })
  expect(await describe()).toMatchObject({ status: { ready: true, state: "Ready" } })
  expect((await write()).status).toBe(200)
  await slow.close()
})
