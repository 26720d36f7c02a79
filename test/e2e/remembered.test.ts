import { join } from "node:path"
import { createLocalEmbedder } from "@engram/local-embedder/local-embedder"
import { search } from "@engram/pipeline/search"
import { createSqliteVecIndex } from "@engram/sqlite-vec/sqlite-vec-index"
import { createSearchIndex } from "@engram/store/search-index"
import { expect, test } from "vitest"
import { issue } from "../payloads.ts"
import { createSystem } from "../system.ts"

test("what GitHub tells over HTTP is found by a search", async () => {
  const system = await createSystem()
  const ingest = await system.start("ingest")
  await system.start("worker")
  const index = createSqliteVecIndex({ path: join(system.dataDir, "vectors.db") })
  try {
    // A signed webhook is answered once it is durable.
    const webhook = issue({
      number: 7,
      title: "Checkout times out under load",
      body: "Payments hang when the connection pool is empty.\n\nDecision: raise the pool to fifty connections.",
    })
    expect((await system.post(ingest.url, webhook)).status).toBe(202)
    // GitHub sends some deliveries twice; the second changes nothing.
    expect((await system.post(ingest.url, webhook)).status).toBe(200)

    // Workers read it, remember it and index it.
    await system.settled()

    // The question shares a word or two with the answer; the decision was remembered by itself.
    const ask = search({
      search: createSearchIndex(system.database),
      embedderOf: async ({ dimension }) => createLocalEmbedder({ dimension }),
      index,
    })
    const reader = { ...system.lane, scopeIds: "all" } as const
    const [hit] = await ask(reader, { query: "why do payments hang?", limit: 3 })
    expect(hit).toMatchObject({
      title: "Checkout times out under load",
      passage: expect.stringContaining("Payments hang when the connection pool is empty."),
      url: "https://github.com/Codertocat/Hello-World/issues/7",
      foundBy: ["text", "vector"],
    })
    const decisions = await ask(reader, { query: "how many connections", kinds: ["decision"], limit: 3 })
    expect(decisions[0]?.passage).toContain("raise the pool to fifty connections")
  } finally {
    await index.close()
    await system.close()
  }
})
