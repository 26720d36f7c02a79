import { startCohereServer } from "@engram/testkit/cohere-server"
import { startPineconeServer } from "@engram/testkit/pinecone-server"
import { startRedis } from "@engram/testkit/redis"
import { startS3 } from "@engram/testkit/s3"
import { waitUntil } from "@engram/testkit/wait-until"
import { expect, test } from "vitest"
import { createClient } from "../contract/client.ts"
import { contractPromises } from "../contract/promises.ts"
import { settingsOf } from "../stand-ins.ts"
import { createSystem, type System } from "../system.ts"

test("on Redis, S3, Pinecone and Cohere the contract is kept, and every vector ends where it belongs", async () => {
  const [redis, s3, pinecone, cohere] = await Promise.all([
    startRedis(),
    startS3(),
    // Reads trail writes by many reads, so what is found at once was found in Postgres.
    startPineconeServer({ staleReads: 50 }),
    startCohereServer(),
  ])
  const system = await createSystem({
    REDIS_URL: redis.url,
    ...settingsOf({ s3, pinecone, cohere }),
  })
  try {
    const worker = await system.start("worker", { STAGES: "embed" })
    const memory = await system.start("memory")
    const client = await createClient(memory.url)
    for (const { name, check } of contractPromises) {
      await check(client).catch((error) => {
        throw new Error(`${name}: ${error.message}`, { cause: error })
      })
    }
    // What expires or is purged meanwhile leaves the index a moment after it is no longer wanted.
    let written: { index: string; namespace: string; ids: string[] }[] = []
    await waitUntil(
      "the index holds what is wanted, and nothing else",
      async () => {
        await system.settled(60_000)
        written = await system.rows(
          `select e.index_name as index, v.family || '-' || e.id as namespace, array_agg(v.ref_id order by v.ref_id) as ids
           from vector_entries v join embedding_versions e on e.id = v.embedding_version_id
           where v.wanted_hash is not null and v.written_hash = v.wanted_hash group by 1, 2`,
        )
        return written.every(({ index, namespace, ids }) => pinecone.namespaces(index)[namespace] === ids.length)
      },
      60_000,
    )
    expect(written.length).toBe(2)
    // The caller's ids are the vectors' ids.
    expect(written.flatMap(({ ids }) => ids).every((id) => /^[0-9a-f-]{36}$/.test(id))).toBe(true)

    expect(await memory.stop()).toBe(0)
    expect(await worker.stop()).toBe(0)
  } finally {
    await system.close()
    await Promise.all([redis.stop(), s3.stop(), pinecone.close(), cohere.close()])
  }
}, 180_000)

test("a plugin killed while a hundred write loses nothing that it answered, and the retries double nothing", async () => {
  const system = await createSystem()
  try {
    const first = await system.start("memory")
    const client = await createClient(first.url)
    const name = await client.namespace()
    const ids = Array.from({ length: 100 }, () => crypto.randomUUID())
    const answered: string[] = []
    const writing = ids.map(async (id, i) => {
      await client.write(name, { id, content: `memory ${i}`, embedding: client.at(i) })
      answered.push(id)
      if (answered.length === 20) await first.kill()
    })
    await Promise.allSettled(writing)
    expect(answered.length).toBeGreaterThanOrEqual(20)

    const second = await createClient((await system.start("memory")).url)
    const there = (await second.search(name, { limit: 100 })).map(({ id }) => id)
    expect(there).toEqual(expect.arrayContaining(answered))
    await Promise.all(ids.map((id, i) => second.write(name, { id, content: `memory ${i}`, embedding: second.at(i) })))
    expect((await second.search(name, { limit: 100 })).map(({ id }) => id).sort()).toEqual([...ids].sort())
    const worker = await system.start("worker", { STAGES: "embed" })
    await system.settled()
    expect((await second.search(name, { limit: 100, embedding: second.at(0) })).map(({ id }) => id)).toEqual(ids)
    await worker.stop()
  } finally {
    await system.close()
  }
}, 180_000)

test("a worker's sweep removes what is over: rows, values and vectors", async () => {
  const system = await createSystem()
  try {
    const memory = await system.start("memory")
    const worker = await system.start("worker", { STAGES: "embed" })
    const client = await createClient(memory.url)
    const [brief, ended] = [await client.namespace(), await client.namespace()]
    const expires_at = new Date(Date.now() + 3_000).toISOString()
    await client.write(brief, { content: "brief", expires_at, embedding: client.at(0) })
    await client.write(ended, "ends with its namespace")
    await system.settled()
    await client.ask("DELETE", `/v1/namespaces/${ended}`)
    const left = async (system: System) =>
      system.rows(`select (select count(*)::int from memory_records) as records, (select count(*)::int from embedding_values) as values,
        (select count(*)::int from vector_entries where written_hash is not null) as vectors`)
    await expect
      .poll(() => left(system), { timeout: 30_000, interval: 200 })
      .toEqual([{ records: 0, values: 0, vectors: 0 }])
    expect(await (await fetch(`${worker.url}/metrics`)).text()).toMatch(/engram_memories_cleaned_total 2/)
  } finally {
    await system.close()
  }
}, 180_000)
