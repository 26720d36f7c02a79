import { startCohereServer } from "@engram/testkit/cohere-server"
import { startPineconeServer } from "@engram/testkit/pinecone-server"
import { startRedis } from "@engram/testkit/redis"
import { startS3 } from "@engram/testkit/s3"
import { startUpstashServer } from "@engram/testkit/upstash-server"
import { waitUntil } from "@engram/testkit/wait-until"
import { expect, test } from "vitest"
import { currentState } from "../current-state.ts"
import { variedPayloads } from "../payloads.ts"
import { settingsOf } from "../stand-ins.ts"
import { createSystem, type System, undisturbed } from "../system.ts"

test("on the production providers the same deliveries end in the same state as embedded", async () => {
  const [redis, s3, pinecone, cohere, upstash] = await Promise.all([
    startRedis(),
    startS3(),
    startPineconeServer(),
    startCohereServer(),
    startUpstashServer(),
  ])
  const system = await createSystem({
    REDIS_URL: redis.url,
    ...settingsOf({ s3, pinecone, cohere }),
    UPSTASH_REDIS_REST_URL: upstash.url,
    UPSTASH_REDIS_REST_TOKEN: upstash.token,
  })
  try {
    const payloads = variedPayloads(60)
    const ingest = await system.start("ingest")
    await system.postAll(ingest.url, payloads)
    // Vectors are owed by the hundred before anybody embeds, so that the calls can be full.
    const reader = await system.start("worker", { STAGES: "normalize,archive" })
    await waitUntil("all is read", async () => (await received(system)) === 0, 60_000)
    const writer = await system.start("worker", { STAGES: "embed" })
    await system.settled(90_000)

    expect(await currentState(system)).toEqual(await undisturbed(system, payloads))

    // Every vector that Postgres believes written is in the index, and nothing else is.
    const written = await system.rows<{ namespace: string; n: number }>(
      `select family || '-' || embedding_version_id as namespace, count(*)::int as n from vector_entries
       where wanted_hash is not null and written_hash = wanted_hash group by 1`,
    )
    const [{ index }] = (await system.rows<{ index: string }>(
      "select index_name as index from embedding_versions",
    )) as [{ index: string }]
    expect(written.length).toBe(2)
    expect(pinecone.namespaces(index)).toEqual(Object.fromEntries(written.map(({ namespace, n }) => [namespace, n])))

    // Each text was paid for once, in calls as full as the service takes while enough was owed.
    const texts = cohere.calls.flatMap((call) => call.texts)
    expect(new Set(texts).size).toBe(texts.length)
    expect(texts.length / cohere.calls.length / 96).toBeGreaterThanOrEqual(0.9)

    // The raw bytes have left Postgres for the bucket.
    const [bodies] = await system.rows("select count(*)::int as n from ingest_deliveries where body is not null")
    expect(bodies).toEqual({ n: 0 })
    expect(upstash.requests.length).toBeGreaterThan(0)

    expect(await reader.stop()).toBe(0)
    expect(await writer.stop()).toBe(0)
    expect(await ingest.stop()).toBe(0)
  } finally {
    await system.close()
    await Promise.all([redis.stop(), s3.stop(), pinecone.close(), cohere.close(), upstash.stop()])
  }
}, 180_000)

async function received(system: System): Promise<number> {
  const [row] = await system.rows<{ n: number }>(
    "select count(*)::int as n from ingest_deliveries where state = 'received'",
  )
  return row!.n
}
