import { setTimeout as wait } from "node:timers/promises"
import { createCohereEmbedder } from "@engram/cohere/cohere-embedder"
import type { TurnEnd } from "@engram/contracts/ports"
import { SearchRequest } from "@engram/contracts/search"
import { createPineconeIndex } from "@engram/pinecone/pinecone-index"
import { rebuildQueue } from "@engram/pipeline/rebuild/queue"
import { search } from "@engram/pipeline/search"
import { createLaneQueue } from "@engram/queue/lane-queue"
import { createSearchIndex } from "@engram/store/search-index"
import { createSweepLedger } from "@engram/store/sweep-ledger"
import { startCohereServer } from "@engram/testkit/cohere-server"
import { startPineconeServer } from "@engram/testkit/pinecone-server"
import { startRedis } from "@engram/testkit/redis"
import { silentLog } from "@engram/testkit/silent-log"
import { waitUntil } from "@engram/testkit/wait-until"
import { Redis } from "ioredis"
import { afterEach, expect, test } from "vitest"
import { engram } from "../engram.ts"
import { issue, variedPayloads } from "../payloads.ts"
import { createSystem, type System } from "../system.ts"
import { createWorkbench } from "../workbench.ts"

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const birds = ["kingfisher", "nightjar", "wryneck"]

/** The fleet on Pinecone and Cohere, with some hundred vectors written. */
async function filled() {
  const [pinecone, cohere] = await Promise.all([startPineconeServer({ staleReads: 0 }), startCohereServer()])
  closing.push(pinecone.close, cohere.close)
  const system = await createSystem({
    PINECONE_API_KEY: pinecone.apiKey,
    PINECONE_CONTROLLER_HOST: pinecone.url,
    COHERE_API_KEY: cohere.apiKey,
    COHERE_BASE_URL: cohere.url,
    EMBEDDING_DIMENSION: "256",
  })
  closing.push(system.close)
  const ingest = await system.start("ingest")
  const worker = await system.start("worker")
  await system.postAll(ingest.url, [
    ...variedPayloads(6),
    ...birds.map((bird, at) =>
      issue({ number: 900 + at, title: `A ${bird}`, body: `Somebody saw the ${bird} over the harbour.` }),
    ),
  ])
  await system.settled()
  await age(system)
  const [version] = await system.rows<{ id: string; index: string }>(
    "select id, index_name as index from embedding_versions",
  )
  const embedded = () => cohere.calls.filter(({ inputType }) => inputType === "search_document").length
  const held = () => pinecone.namespaces(version!.index)
  const vectors = createPineconeIndex({ apiKey: pinecone.apiKey, controllerHostUrl: pinecone.url, timeoutMs: 5_000 })
  const model = { apiKey: cohere.apiKey, baseUrl: cohere.url, model: "embed-v4.0", dimension: 256, timeoutMs: 5_000 }
  const embedder = createCohereEmbedder(model)
  const ask = search({ search: createSearchIndex(system.database), index: vectors, embedder })
  const reader = { ...system.lane, scopeIds: "all" } as const
  /** What is found, and how near every vector is to a question: equal ones come in no order. */
  const answers = async () => {
    const hits = await Promise.all(
      birds.map((bird) => ask(reader, SearchRequest.parse({ query: `Who saw the ${bird}?`, limit: 1 }))),
    )
    const [question] = await embedder.embed(["which bird was it"], "search_query")
    const near = await Promise.all(
      ["chunks", "observations"].map((family) =>
        vectors.query({ index: version!.index, namespace: `${family}-${version!.id}` }, question!, { topK: 10_000 }),
      ),
    )
    const scores = near.flat().map(({ id, score }) => `${id} ${score.toFixed(5)}`)
    return { hits: hits.map(([hit]) => ({ title: hit?.title, foundBy: hit?.foundBy })), scores: scores.sort() }
  }
  return { system, worker, pinecone, index: version!.index, embedded, held, answers }
}

/** From now on the index alone can answer, and everything can be judged. */
const age = (system: System) => system.rows("update vector_entries set written_at = written_at - interval '1 hour'")

test("an index that was lost is filled again without an embedding call, and search answers as before", async () => {
  const { system, pinecone, index, embedded, held, answers } = await filled()
  const before = { held: held(), answers: await answers(), calls: embedded() }
  expect(before.answers.hits.map(({ title }) => title)).toEqual(birds.map((bird) => `A ${bird}`))
  expect(before.answers.hits.every(({ foundBy }) => foundBy?.includes("vector"))).toBe(true)

  pinecone.dropIndex(index)
  const told = await engram(system, "reconcile", "--json").ended
  expect(told).toMatchObject({ code: 1 })
  const rebuilt = await engram(system, "rebuild", "--vectors", "--json").ended
  expect(rebuilt, rebuilt.stderr).toMatchObject({ code: 0 })
  const { vectors } = JSON.parse(rebuilt.stdout)
  const all = Object.values(before.held).reduce((sum, n) => sum + n, 0)
  expect(all).toBeGreaterThan(50)
  expect(vectors).toMatchObject({ left: 0, versions: [{ store: "main", resumed: false, vectors: all }] })
  expect(pinecone.created).toEqual([index, index])

  await system.settled()
  await age(system)
  expect(held()).toEqual(before.held)
  expect(await answers()).toEqual(before.answers)
  expect(embedded()).toBe(before.calls)
  expect(await engram(system, "reconcile").ended).toMatchObject({ code: 0 })
}, 240_000)

test("a rebuild killed anywhere goes on when it is asked for again, and leaves nothing that is not so", async () => {
  const { system, embedded, held, answers } = await filled()
  const before = { held: held(), answers: await answers(), calls: embedded() }
  for (const afterMs of [50, 300, 1_000]) {
    const dying = engram(system, "rebuild", "--vectors")
    await waitUntil(
      "it is at work",
      async () => {
        const rows = await system.rows(
          "select from pg_stat_activity where datname = current_database() and application_name = 'engram-rebuild'",
        )
        return rows.length > 0
      },
      60_000,
    )
    // Some time into it, wherever that is: emptying, emptied, or filling.
    await wait(afterMs)
    dying.child.kill("SIGKILL")
    await dying.ended
  }
  const again = await engram(system, "rebuild", "--vectors", "--json").ended
  expect(again, again.stderr).toMatchObject({ code: 0 })
  expect(JSON.parse(again.stdout).vectors.left).toBe(0)
  await system.settled()
  await age(system)
  expect(held()).toEqual(before.held)
  expect(await answers()).toEqual(before.answers)
  expect(embedded()).toBe(before.calls)
  expect(await engram(system, "reconcile").ended).toMatchObject({ code: 0 })
}, 240_000)

test("what an earlier run emptied is followed, not emptied again, unless that is asked for", async () => {
  const { system, worker, held, pinecone, index } = await filled()
  const all = held()
  await worker.stop()
  const rebuild = async (...more: string[]) => {
    const { stdout, stderr } = await engram(system, "rebuild", "--vectors", "--json", ...more).ended
    expect(stderr).toBe("")
    return JSON.parse(stdout).vectors
  }
  const sum = (counts: Record<string, number>) => Object.values(counts).reduce((total, n) => total + n, 0)
  const first = await rebuild("--no-wait")
  expect(first).toMatchObject({ left: sum(all), versions: [{ resumed: false }] })
  expect(sum(held())).toBe(0)

  // As if a worker had begun: an emptying would take this one along.
  const write = {
    vectors: [{ id: "chk_begun", values: Array(256).fill(0.1), metadata: {} }],
    namespace: Object.keys(all)[0],
  }
  const headers = {
    "api-key": pinecone.apiKey,
    "x-pinecone-api-version": "2026-07",
    "content-type": "application/json",
  }
  const begin = () =>
    fetch(`${pinecone.url}/hosts/${index}/vectors/upsert`, { method: "POST", headers, body: JSON.stringify(write) })
  expect((await begin()).status).toBe(200)
  expect(await rebuild("--no-wait")).toMatchObject({ left: sum(all), versions: [{ resumed: true }] })
  expect(sum(held())).toBe(1)
  expect(await rebuild("--no-wait", "--restart")).toMatchObject({ left: sum(all), versions: [{ resumed: false }] })
  expect(sum(held())).toBe(0)

  await system.start("worker")
  expect(await rebuild()).toMatchObject({ left: 0 })
  expect(held()).toEqual(all)
  // What was filled since is rebuilt anew.
  expect(await rebuild()).toMatchObject({ left: 0, versions: [{ resumed: false, vectors: sum(all) }] })
}, 240_000)

test("a flushed Redis is told of everything due, by itself and without the sweep", async () => {
  const redis = await startRedis()
  closing.push(redis.stop)
  const bench = await createWorkbench()
  closing.push(bench.close)
  const queue = await createLaneQueue({ redisUrl: redis.url }, silentLog)
  closing.push(() => queue.close())
  const client = new Redis(redis.url)
  closing.push(() => client.disconnect())

  await bench.accept(variedPayloads(6))
  await queue.wake({ stage: "normalize", ...bench.lane })
  await client.flushall()
  expect((await queue.counts()).normalize.waiting).toBe(0)
  const wake = () => rebuildQueue({ ledger: createSweepLedger(bench.database), queue })
  expect(await wake()).toEqual({ normalize: 1 })
  const stages = ["normalize", "embed", "archive"] as const
  const turn = (stage: (typeof stages)[number]) => (): Promise<TurnEnd> => bench.turn(stage)
  await Promise.all(stages.map((stage) => queue.run(stage, 1, turn(stage))))
  await waitUntil("all is read", async () => {
    return (await bench.rows("select from ingest_deliveries where state = 'received'")).length === 0
  })
  // Nobody told the other lanes: this does.
  expect(Object.keys(await wake()).sort()).toEqual(["archive", "embed"])
  await waitUntil("nothing is due", async () => Object.keys(await wake()).length === 0)
  expect(await bench.rows("select from vector_entries where wanted_hash is distinct from written_hash")).toEqual([])
}, 120_000)

test("by the command line: caches are dropped, and nothing else that Redis holds; lanes are woken", async () => {
  const redis = await startRedis()
  closing.push(redis.stop)
  const client = new Redis(redis.url)
  closing.push(() => client.disconnect())
  const system = await createSystem({ REDIS_URL: redis.url })
  closing.push(system.close)
  const ours = ["document:doc_1", "chunks:doc_1:v1", "graph:out:acme:github:thing:1"]
  for (const key of [...ours, "somebody:else"]) await client.set(key, "x")
  const ingest = await system.start("ingest")
  await system.postAll(ingest.url, variedPayloads(3))
  await client.del(...(await client.keys("bull:*")))

  const { code, stdout, stderr } = await engram(system, "rebuild", "--caches", "--queue", "--json").ended
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  expect(JSON.parse(stdout)).toEqual({ caches: { removed: 3, isShared: true }, queue: { normalize: 1 } })
  expect(await client.exists(...ours)).toBe(0)
  expect(await client.exists("somebody:else")).toBe(1)
  expect(await client.llen("bull:engram-normalize:wait")).toBe(1)

  await redis.kill()
  const away = await engram(system, "rebuild", "--queue").ended
  expect(away).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("queue") })
}, 120_000)
