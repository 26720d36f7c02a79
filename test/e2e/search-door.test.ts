import { createCohereEmbedder } from "@engram/cohere/cohere-embedder"
import type { Cache } from "@engram/contracts/ports"
import { documentId, scopeId } from "@engram/core/ids"
import { createLocalEmbedder } from "@engram/local-embedder/local-embedder"
import { createLruCache } from "@engram/lru/lru-cache"
import { createPineconeIndex } from "@engram/pinecone/pinecone-index"
import { createDatabase, createPool } from "@engram/store/database"
import { startCohereServer } from "@engram/testkit/cohere-server"
import { onlyEmbedders } from "@engram/testkit/only-embedders"
import { startPineconeServer } from "@engram/testkit/pinecone-server"
import { afterEach, expect, test } from "vitest"
import { openSearchDoor, page, type SearchDoor } from "../search-door.ts"
import { createWorkbench, type Workbench } from "../workbench.ts"

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function open(
  given: Parameters<typeof createWorkbench>[0] = {},
): Promise<{ bench: Workbench; door: SearchDoor }> {
  const bench = await createWorkbench({ embedder: createLocalEmbedder({ dimension: 256 }), ...given })
  closing.push(bench.close)
  const door = await openSearchDoor(bench)
  closing.push(door.close)
  return { bench, door }
}

const pageId = (sourceId: string, workspaceId: string, storeId: string): string =>
  documentId(workspaceId, storeId, "events", `wiki:${sourceId}`)

const titles = (answer: { body: { hits: { title: string }[] } }): string[] => answer.body.hits.map((hit) => hit.title)

test("a hit says what was found, where, and how", async () => {
  const { bench, door } = await open()
  const url = "https://wiki.example.org/onboarding"
  await bench.accept([
    page("onboarding", "New engineers get a laptop on Monday.", { url, occurredAt: "2024-02-01T09:00:00Z" }),
  ])
  await bench.drain()
  const { status, body } = await door.ask(await door.key(), { query: "laptop for new engineers" })
  expect(status).toBe(200)
  expect(body).toEqual({
    hits: [
      {
        type: expect.stringMatching(/^(chunk|observation)$/),
        id: expect.stringMatching(/^(chk|obs)_/),
        documentId: pageId("onboarding", "acme", bench.lane.storeId),
        title: "onboarding",
        kind: expect.any(String),
        source: "events",
        state: null,
        section: expect.toBeOneOf([expect.any(String), null]),
        passage: expect.stringContaining("laptop"),
        url,
        occurredAt: "2024-02-01T09:00:00.000Z",
        evidence: null,
        score: expect.any(Number),
        foundBy: ["text", "vector"],
        bias: [],
      },
    ],
  })
})

test("only a key that may search is let in, and only a right request is asked", async () => {
  const { door } = await open()
  const key = await door.key()
  const refusals: [expected: object, answer: Awaited<ReturnType<SearchDoor["ask"]>>][] = [
    [{ status: 401, code: "unknown_key" }, await door.ask(undefined, { query: "x" })],
    [{ status: 401, code: "unknown_key" }, await door.ask(undefined, "{")],
    [{ status: 401, code: "unknown_key" }, await door.ask(`engram_sk_${"x".repeat(43)}`, { query: "x" })],
    [{ status: 403, code: "may_not_search" }, await door.ask(await door.key({ actions: ["write"] }), { query: "x" })],
    [{ status: 400, code: "bad_request" }, await door.ask(key, "{")],
    [{ status: 400, code: "bad_request", path: "query" }, await door.ask(key, {})],
    [{ status: 400, code: "bad_request", path: "query" }, await door.ask(key, { query: " \0 " })],
    [{ status: 400, code: "bad_request", path: "query" }, await door.ask(key, { query: "x".repeat(4_001) })],
    [{ status: 400, code: "bad_request", path: "limit" }, await door.ask(key, { query: "x", limit: 0 })],
    [{ status: 400, code: "bad_request", path: "limit" }, await door.ask(key, { query: "x", limit: 101 })],
    [{ status: 400, code: "bad_request", path: "limit" }, await door.ask(key, { query: "x", limit: 1.5 })],
    [{ status: 400, code: "bad_request", path: "since" }, await door.ask(key, { query: "x", since: "yesterday" })],
    [{ status: 400, code: "bad_request", path: "kinds" }, await door.ask(key, { query: "x", kinds: [] })],
    [{ status: 400, code: "bad_request", path: "sources.0" }, await door.ask(key, { query: "x", sources: [7] })],
    [{ status: 400, code: "bad_request", path: "colour" }, await door.ask(key, { query: "x", colour: "red" })],
    [{ status: 400, code: "bad_request" }, await door.ask(key, "[]")],
    [{ status: 413, code: "too_large" }, await door.ask(key, { query: "x", kinds: ["k".repeat(200_000)] })],
  ]
  for (const [expected, { status, body }] of refusals) expect({ status, ...body }).toMatchObject(expected)

  const headers = { authorization: `Bearer ${key}`, "content-type": "text/plain" }
  const text = await fetch(`${door.url}/v1/search`, { method: "POST", headers, body: "x" })
  expect([text.status, await text.json()]).toMatchObject([415, { code: "unsupported_media_type" }])
  for (const limit of [1, 100]) expect((await door.ask(key, { query: "x", limit })).status).toBe(200)
  expect((await door.ask(key, { query: "x\0y", sources: ["a\0b"] })).status).toBe(200)
})

test("what is private shows only to keys of its scope, and stops showing the moment it becomes so", async () => {
  const { bench, door } = await open({ cache: createLruCache() })
  const hr = (privacy: string, occurredAt: string) => ({ scope: { id: "hr", privacy }, occurredAt })
  await bench.accept([
    page("salaries", "Salary bands for the coming year.", hr("org", "2024-01-01T00:00:00Z")),
    page("holidays", "Salary is paid on public holidays too."),
  ])
  await bench.drain()
  const stranger = await door.key()
  const insider = await door.key({ scopeIds: [scopeId("acme", "events", "hr")] })
  const secret = pageId("salaries", "acme", bench.lane.storeId)
  expect(titles(await door.ask(stranger, { query: "salary" })).sort()).toEqual(["holidays", "salaries"])
  expect((await door.read(stranger, secret)).status).toBe(200)

  await bench.accept([page("other", "Unrelated.", hr("private", "2024-01-02T00:00:00Z"))])
  await bench.turn("normalize")
  expect(titles(await door.ask(stranger, { query: "salary" }))).toEqual(["holidays"])
  expect((await door.read(stranger, secret)).status).toBe(404)
  expect(titles(await door.ask(insider, { query: "salary" })).sort()).toEqual(["holidays", "salaries"])
  expect((await door.read(insider, secret)).body.title).toBe("salaries")
})

test("two workspaces with the same content never see each other, by search or by id", async () => {
  const { bench, door } = await open({ cache: createLruCache() })
  const rival = await bench.addStore("rival", "main")
  const same = "The launch is planned for the ninth of May."
  await bench.accept([page("launch", same)])
  await bench.accept([page("launch", same), page("rival-only", "The rival launch budget.")], rival)
  for (const place of [bench.lane, rival]) await bench.drain(place)

  const keys = { acme: await door.key(), rival: await door.key({ workspaceId: "rival" }) }
  const ids = {
    acme: pageId("launch", "acme", bench.lane.storeId),
    rival: pageId("launch", "rival", rival.storeId),
  }
  const seen = async (key: string) =>
    (await door.ask(key, { query: "launch budget" })).body.hits
      .map((hit: { documentId: string }) => hit.documentId)
      .sort()
  expect(await seen(keys.acme)).toEqual([ids.acme])
  expect(await seen(keys.rival)).toEqual([ids.rival, pageId("rival-only", "rival", rival.storeId)].sort())

  // Read by its owner first, so that a cache has it.
  expect((await door.read(keys.rival, ids.rival)).status).toBe(200)
  expect((await door.read(keys.acme, ids.rival)).status).toBe(404)
  for (const id of ["doc_", "doc_nothing", "chk_1", "%00", "..%2f..", `doc_${"x".repeat(90)}`]) {
    expect((await door.read(keys.acme, id)).status).toBe(404)
  }
})

test("a document is read whole, from the cache while it is true and from Postgres as soon as it is not", async () => {
  const cache = createLruCache()
  const { bench, door } = await open({ cache })
  const sections = (word: string) =>
    ["First", "Second"].map((name) => `## ${name}\n\n${`${word} ${name}. `.repeat(150)}`)
  await bench.accept([page("guide", sections("old").join("\n\n"), { labels: ["howto"] })])
  await bench.drain()
  const key = await door.key()
  const id = pageId("guide", "acme", bench.lane.storeId)
  const first = await door.read(key, id)
  expect(first.body).toMatchObject({
    id,
    title: "guide",
    kind: "page",
    source: "events",
    labels: ["howto"],
    version: 1,
  })
  expect(first.body.chunks.length).toBeGreaterThan(1)
  const text = first.body.chunks.map((chunk: { text: string }) => chunk.text).join("\n")
  expect(text.indexOf("old First")).toBeGreaterThan(-1)
  expect(text.indexOf("old First")).toBeLessThan(text.indexOf("old Second"))
  expect((await door.read(key, id)).body).toEqual(first.body)

  // Proves that the second read comes from the cache: it shows what only the cache holds.
  const head = (await cache.get(`document:${id}`))!
  const shown = JSON.parse(head, (name, value) => (name === "title" ? "cached" : value))
  await cache.set([{ key: `document:${id}`, value: JSON.stringify(shown), ttlSeconds: 60 }])
  expect((await door.read(key, id)).body.title).toBe("cached")

  await bench.accept([page("guide", "new text")])
  await bench.turn("normalize")
  expect(await cache.get(`document:${id}`)).toBeUndefined()
  expect(await cache.get(`chunks:${id}:v1`)).toBeUndefined()
  // A reader that was slow puts the old version back; it is not believed.
  await cache.set([{ key: `document:${id}`, value: head, ttlSeconds: 60 }])
  const second = await door.read(key, id)
  expect(second.body).toMatchObject({ version: 2, title: "guide" })
  expect(second.body.chunks.map((chunk: { text: string }) => chunk.text).join()).toContain("new text")

  await bench.accept([page("guide", "", { action: "remove" })])
  await bench.turn("normalize")
  expect((await door.read(key, id)).status).toBe(404)
})

test("a cache that is away, or holds nonsense, changes no answer", async () => {
  const nonsense: Cache = {
    get: async () => "{",
    set: async () => {},
    remove: async () => {},
    clear: async () => 0,
    check: async () => {},
  }
  const { bench, door } = await open({ cache: nonsense })
  await bench.accept([page("guide", "Water the plants.")])
  await bench.drain()
  const { status, body } = await door.read(await door.key(), pageId("guide", "acme", bench.lane.storeId))
  expect([status, body.title]).toEqual([200, "guide"])
})

async function openRemote(staleReads = 0) {
  const cohere = await startCohereServer()
  const pinecone = await startPineconeServer({ staleReads })
  closing.push(cohere.close, pinecone.close)
  const patience = { timeoutMs: 2_000, retryBaseMs: 5, restMs: 100 }
  const { apiKey, url: baseUrl } = cohere
  const embedder = createCohereEmbedder({ apiKey, baseUrl, model: "embed-v4.0", dimension: 256, ...patience })
  const index = createPineconeIndex({ apiKey: pinecone.apiKey, controllerHostUrl: pinecone.url, ...patience })
  return { cohere, pinecone, ...(await open({ embedder, index: () => index })) }
}

test("what an eventually consistent index does not show yet is found all the same", async () => {
  const { bench, door } = await openRemote(1_000)
  await bench.accept([page("incident", "Checkout latency doubled after the cache was resized.")])
  await bench.drain()
  const { body } = await door.ask(await door.key(), { query: "checkout latency" })
  expect(body.hits).toMatchObject([{ title: "incident", foundBy: ["text", "vector"] }])
})

test("an outage is 503 with Retry-After, never an empty answer, and is over when it is over", async () => {
  const { bench, door, cohere, pinecone } = await openRemote()
  await bench.accept([page("incident", "Checkout latency doubled.")])
  await bench.drain()
  const key = await door.key()
  const ask = () => door.ask(key, { query: "checkout latency" })
  expect((await ask()).body.hits).toHaveLength(1)
  for (const service of [cohere, pinecone]) {
    service.failNext({ status: 503 }, 8)
    const { status, headers, body } = await ask()
    expect([status, body.code]).toEqual([503, "unavailable"])
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0)
    await expect.poll(async () => (await ask()).status, { timeout: 20_000 }).toBe(200)
  }

  const pool = createPool("postgres://127.0.0.1:1/away", { connectionsMax: 2, applicationName: "away" })
  const away = await openSearchDoor(bench, { database: createDatabase(pool) })
  closing.push(() => pool.end(), away.close)
  const answers = [await away.ask(key, { query: "checkout" }), await away.read(key, "doc_1")]
  for (const { status, body } of answers) expect([status, body.code]).toEqual([503, "unavailable"])
  const ready = await fetch(`${away.url}/health/ready`)
  expect([ready.status, await ready.json()]).toMatchObject([
    503,
    { ready: false, dependencies: { database: { ok: false } } },
  ])
  expect((await fetch(`${away.url}/health/live`)).status).toBe(200)
})

test("vectors of a model that this process cannot ask: the door says that it cannot answer", async () => {
  const { bench } = await open()
  await bench.accept([page("guide", "Water the plants.")])
  await bench.drain()
  const door = await openSearchDoor(bench, { embedderOf: onlyEmbedders(createLocalEmbedder({ dimension: 128 })) })
  closing.push(door.close)
  expect((await door.ask(await door.key(), { query: "plants" })).status).toBe(503)
})

test("health and metrics are open, and say what is asked of the door", async () => {
  const { door } = await open()
  await door.ask(await door.key(), { query: "anything" })
  const ready = await fetch(`${door.url}/health/ready`)
  expect([ready.status, await ready.json()]).toMatchObject([
    200,
    { ready: true, dependencies: { database: { ok: true }, vectors: { ok: true }, embeddings: { ok: true } } },
  ])
  expect(await (await fetch(`${door.url}/metrics`)).text()).toContain('engram_search_seconds_count{outcome="ok"} 1')
  expect((await fetch(`${door.url}/v1/nothing`)).status).toBe(404)
})

test("the graph around a thing is read by its name, through the eyes of the key", async () => {
  const { bench, door } = await open()
  const privately = { scope: { id: "board", privacy: "private" } }
  await bench.accept([
    page("plan", "We fix octo/app#7 first."),
    page("secret", "Nobody may know of octo/app#7.", privately),
    page("hidden", "Only here: octo/app#8.", privately),
  ])
  await bench.drain()
  const scopes = [scopeId("acme", "events", "board")]
  const [open1, granted] = [await door.key(), await door.key({ scopeIds: scopes })]
  const titles = async (key: string, name: string) => {
    const { status, body } = await door.around(key, `entity=${encodeURIComponent(name)}`)
    return status === 200 ? body.nodes.flatMap((node: { title: string | null }) => node.title ?? []).sort() : status
  }
  expect(await titles(open1, "octo/app#7")).toEqual(["plan"])
  expect(await titles(granted, "octo/app#7")).toEqual(["plan", "secret"])
  expect(await titles(open1, "https://github.com/octo/app/issues/7")).toEqual(["plan"])
  expect(await titles(open1, "octo/app#8")).toBe(404)
  expect(await titles(granted, "octo/app#8")).toEqual(["hidden"])
  expect(await titles(open1, "octo/app#9")).toBe(404)
  for (const [query, path] of [
    ["", "entity"],
    ["entity=x&hops=4", "hops"],
    ["entity=x&limit=0", "limit"],
    ["entity=x&depth=2", "depth"],
  ] as const)
    expect(await door.around(open1, query)).toMatchObject({ status: 400, body: { code: "bad_request", path } })
})
