import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ensureDatabase, ensureEmbeddedPostgres } from "@engram/embedded-postgres/embedded-postgres"
import { migrateDatabase } from "@engram/platform/open-database"
import { loseQueue } from "@engram/testkit/lose-queue"
import { startRedis } from "@engram/testkit/redis"
import { waitUntil } from "@engram/testkit/wait-until"
import { Redis } from "ioredis"
import { expect, test } from "vitest"
import { currentState } from "../current-state.ts"
import { variedPayloads } from "../payloads.ts"
import { createSystem, type System, undisturbed } from "../system.ts"

const payloads = variedPayloads(20)
const half = payloads.length >> 1

const closed = async (system: System): Promise<number> => {
  const [row] = await system.rows<{ n: number }>(
    "select count(*)::int as n from ingest_deliveries where state <> 'received'",
  )
  return row!.n
}
const midway = (system: System) => waitUntil("some deliveries are read", async () => (await closed(system)) > 0, 30_000)

test("every 202 survives its ingest, and the loss of the whole queue", async () => {
  const system = await createSystem({ EMBEDDING_DIMENSION: "64" })
  try {
    const ingest = await system.start("ingest")
    const accepted: string[] = []
    const posting = payloads.map(async (payload) => {
      const response = await system.post(ingest.url, payload).catch(() => undefined)
      if (response?.status !== 202) return
      accepted.push(payload.key)
      // In the middle of it all, with answers given and answers still owed.
      if (accepted.length === half) await ingest.kill()
    })
    await Promise.all(posting)
    const kept = await system.rows<{ key: string }>("select delivery_key as key from ingest_deliveries")
    expect(accepted.length).toBeGreaterThanOrEqual(half)
    expect(kept.map(({ key }) => key)).toEqual(expect.arrayContaining(accepted))

    // GitHub redelivers what it got no answer for; what was kept all the same is a duplicate.
    const again = await system.start("ingest")
    const missing = payloads.filter(({ key }) => !accepted.includes(key))
    const answers = await Promise.all(missing.map(async (each) => (await system.post(again.url, each)).status))
    expect(answers.every((status) => status === 200 || status === 202)).toBe(true)

    await system.start("worker")
    await midway(system)
    expect(await loseQueue((sql) => system.rows(sql))).toBeGreaterThan(3)
    await system.settled(60_000)
    expect(await currentState(system)).toEqual(await undisturbed(system, payloads))
  } finally {
    await system.close()
  }
}, 180_000)

test("Redis flushed, killed and started again mid-way loses nothing", async () => {
  const redis = await startRedis()
  const system = await createSystem({ REDIS_URL: redis.url, EMBEDDING_DIMENSION: "64" })
  const client = new Redis(redis.url)
  client.on("error", () => {})
  try {
    const ingest = await system.start("ingest")
    const worker = await system.start("worker")
    await system.postAll(ingest.url, payloads.slice(0, half))
    await midway(system)
    await client.flushall()
    await redis.kill()
    // The door needs Postgres and nothing else.
    await system.postAll(ingest.url, payloads.slice(half))
    await redis.restart()
    await system.settled(60_000)
    expect(worker.isRunning() && ingest.isRunning()).toBe(true)
    expect(await currentState(system)).toEqual(await undisturbed(system, payloads))
  } finally {
    client.disconnect()
    await system.close()
    await redis.stop()
  }
}, 180_000)

test("Postgres stopped and started again mid-way is answered with 503 and loses nothing", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "engram-chaos-"))
  let server = await ensureEmbeddedPostgres({ dataDir })
  const databaseUrl = await ensureDatabase(server.url, "engram")
  await migrateDatabase(databaseUrl)
  const system = await createSystem({ EMBEDDING_DIMENSION: "64" }, { databaseUrl })
  try {
    const ingest = await system.start("ingest")
    const worker = await system.start("worker")
    await system.postAll(ingest.url, payloads.slice(0, half))
    await midway(system)
    await server.stop()
    const refused = await system.post(ingest.url, payloads[half]!)
    expect(refused.status).toBe(503)
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0)
    server = await ensureEmbeddedPostgres({ dataDir, port: server.port })
    await waitUntil(
      "the door takes deliveries again",
      async () => (await system.post(ingest.url, payloads[half]!)).status !== 503,
      30_000,
    )
    await system.postAll(ingest.url, payloads.slice(half + 1))
    await system.settled(60_000)
    expect(worker.isRunning() && ingest.isRunning()).toBe(true)
    expect(await currentState(system)).toEqual(await undisturbed(system, payloads))
  } finally {
    await system.close()
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}, 180_000)
