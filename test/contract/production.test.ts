import { startPineconeServer } from "@engram/testkit/pinecone-server"
import { startRedis } from "@engram/testkit/redis"
import { startS3 } from "@engram/testkit/s3"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createSystem, type System } from "../system.ts"
import { type Client, createClient } from "./client.ts"
import { contractPromises } from "./promises.ts"

describe("the memory plugin keeps the contract as processes on Redis, S3 and Pinecone", () => {
  let system: System
  let client: Client
  let close: () => Promise<unknown>
  let pinecone: Awaited<ReturnType<typeof startPineconeServer>>
  beforeAll(async () => {
    const [redis, s3, index] = await Promise.all([startRedis(), startS3(), startPineconeServer()])
    pinecone = index
    close = () => Promise.all([redis.stop(), s3.stop(), index.close()])
    system = await createSystem({
      REDIS_URL: redis.url,
      S3_BUCKET: s3.bucket,
      S3_ENDPOINT: s3.endpoint,
      AWS_ACCESS_KEY_ID: s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
      PINECONE_API_KEY: index.apiKey,
      PINECONE_CONTROLLER_HOST: index.url,
    })
    const [memory] = await Promise.all([system.start("memory"), system.start("worker", { STAGES: "embed" })])
    client = await createClient(memory.url)
  }, 60_000)
  afterAll(async () => {
    await system?.close()
    await close?.()
  })

  test.each(contractPromises)("$name", ({ check }) => check(client))

  test("and what was written has reached Pinecone", async () => {
    await expect
      .poll(async () => (await system.rows("select from vector_entries where wanted_hash <> written_hash")).length, {
        timeout: 30_000,
      })
      .toBe(0)
    const [{ n }] = (await system.rows<{ n: number }>(
      "select count(*)::int as n from vector_entries where wanted_hash = written_hash and wanted_hash is not null",
    )) as [{ n: number }]
    const names = await system.rows<{ name: string }>("select distinct index_name as name from embedding_versions")
    const held = names.flatMap(({ name }) => Object.values(pinecone.namespaces(name)))
    expect(n).toBeGreaterThan(0)
    expect(held.reduce((sum, each) => sum + each, 0)).toBeGreaterThanOrEqual(n)
  }, 40_000)
})
