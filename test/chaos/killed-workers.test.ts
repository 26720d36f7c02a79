import { startRedis } from "@engram/testkit/redis"
import { waitUntil } from "@engram/testkit/wait-until"
import { expect, test } from "vitest"
import { currentState } from "../current-state.ts"
import { variedPayloads } from "../payloads.ts"
import { createSystem, type System, undisturbed } from "../system.ts"
import { seeded } from "./random.ts"

/** How far the work is, so that a kill hits the middle of it however fast the machine is. */
const progress = async (system: System): Promise<number> => {
  const [row] = await system.rows<{ n: number }>(
    `select (select count(*)::int from ingest_deliveries where state <> 'received')
          + (select count(*)::int from vector_entries where written_hash = wanted_hash)
          + (select count(*)::int from ingest_deliveries where artifact_key is not null) as n`,
  )
  return row!.n
}

async function killAndCompare(environment: Record<string, string>, seed: number): Promise<void> {
  const system = await createSystem({ ...environment, EMBEDDING_DIMENSION: "64" })
  const random = seeded(seed)
  try {
    const payloads = variedPayloads(20)
    const ingest = await system.start("ingest")
    let worker = await system.start("worker")
    const posting = system.postAll(ingest.url, payloads)
    for (const target of [60, 250, 500]) {
      const at = target + Math.floor(random() * 150)
      await waitUntil(`progress ${at}`, async () => (await progress(system)) >= at, 60_000)
      await worker.kill()
      worker = await system.start("worker")
    }
    await posting
    await system.settled(90_000)

    expect(await currentState(system)).toEqual(await undisturbed(system, payloads))
    const ends = await system.rows(
      "select state, count(*)::int as n from ingest_deliveries where state = 'parked' group by 1",
    )
    expect(ends).toEqual([])
  } finally {
    await system.close()
  }
}

test(
  "workers killed at random moments change nothing, with the queue in Postgres",
  () => killAndCompare({}, 1),
  240_000,
)

test("workers killed at random moments change nothing, with the queue in Redis", async () => {
  const redis = await startRedis()
  try {
    await killAndCompare({ REDIS_URL: redis.url }, 2)
  } finally {
    await redis.stop()
  }
}, 240_000)
