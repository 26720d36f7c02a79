import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { RetryLater } from "@engram/contracts/errors"
import type { VectorIndex } from "@engram/contracts/ports"
import { migrate } from "@engram/db/migrate"
import { ensureDatabase, ensureEmbeddedPostgres } from "@engram/embedded-postgres/embedded-postgres"
import { createDatabase, createPool } from "@engram/store/database"
import pg from "pg"
import { expect, test } from "vitest"
import { createClient } from "../contract/client.ts"
import { openPlugin } from "./plugin.ts"

/** An index with a switch. */
function switchable(): {
  readonly wrap: (real: VectorIndex) => VectorIndex
  away: "no" | "failing" | "hanging"
  queries: number
} {
  const state = { away: "no" as "no" | "failing" | "hanging", queries: 0, wrap }
  async function pass(): Promise<void> {
    if (state.away === "failing") throw new RetryLater("the index is away", { afterMs: 1_000 })
    if (state.away === "hanging") await new Promise(() => {})
  }
  function wrap(real: VectorIndex): VectorIndex {
    return {
      ...real,
      query: async (...asked) => {
        state.queries++
        await pass()
        return real.query(...asked)
      },
      check: async () => {
        await pass()
        return real.check()
      },
    }
  }
  return state
}

test("with the index away searches answer from Postgres and say so, and health says degraded", async () => {
  const index = switchable()
  const plugin = await openPlugin({ index: index.wrap, vectorsMs: 1_500 })
  try {
    const client = await createClient(plugin.url)
    const name = await client.namespace()
    await client.write(name, { content: "about migrations", embedding: client.at(0) })
    await client.write(name, { content: "about lions", embedding: client.at(60) })
    await client.write(name, "about migrating birds")
    await plugin.drain()
    const search = (more: object) => client.ask("POST", "/v1/search", { namespaces: [name], ...more })
    const contents = (answer: Awaited<ReturnType<typeof search>>) =>
      answer.body.memories.map(({ content }: { content: string }) => content)
    const healthy = await search({ query: "migrations" })
    expect(healthy.headers.get("engram-degraded")).toBeNull()

    for (const away of ["failing", "hanging"] as const) {
      index.away = away
      const byText = await search({ query: "migrations" })
      expect(byText.status).toBe(200)
      expect(byText.headers.get("engram-degraded")).toBe("vectors")
      expect(contents(byText)).toEqual(expect.arrayContaining(["about migrations", "about migrating birds"]))
      const byVector = await search({ embedding: client.at(60) })
      expect(byVector.headers.get("engram-degraded")).toBe("vectors")
      expect(contents(byVector)).toEqual(["about lions", "about migrations"])
      const both = await search({ query: "lions", embedding: client.at(60) })
      expect(contents(both)[0]).toBe("about lions")
      const newest = await search({})
      expect(newest.headers.get("engram-degraded")).toBeNull()
      const health = await client.ask("GET", "/v1/health")
      expect(health.status).toBe(503)
      expect(health.body).toMatchObject({
        status: "degraded",
        version: "1.0.0",
        code: "unavailable",
        capabilities: ["embedding", "fts", "ttl", "pin", "propagation"],
      })
      expect(health.body.message).toContain("vectors")
      await client.write(name, `written while ${away}`)
    }
    index.away = "no"
    expect((await client.ask("GET", "/v1/health")).body.status).toBe("ok")
    expect((await search({ query: "migrations" })).headers.get("engram-degraded")).toBeNull()
    expect(await plugin.metrics.text()).toMatch(/engram_memory_degraded_total 6/)
  } finally {
    await plugin.close()
  }
})

test("a search over a hundred namespaces is one query to the index, also of a process that has seen one of them", async () => {
  const index = switchable()
  const plugin = await openPlugin({ index: index.wrap })
  try {
    const client = await createClient(plugin.url)
    const names = await Promise.all(Array.from({ length: 100 }, () => client.namespace("team")))
    await Promise.all(names.map((name) => client.write(name, { content: "shared", embedding: client.at(0) })))
    await plugin.drain()
    for (const reader of [client, await createClient(await plugin.another())]) {
      await reader.search([names[0]!], { embedding: client.at(0) })
      index.queries = 0
      expect(await reader.search(names, { embedding: client.at(0), limit: 100 })).toHaveLength(100)
      expect(index.queries).toBe(1)
    }
  } finally {
    await plugin.close()
  }
})

test("with Postgres killed the answer is 503 unavailable, and everything written is there when it is back", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "engram-killed-"))
  const server = await ensureEmbeddedPostgres({ dataDir })
  const url = await ensureDatabase(server.url, "engram")
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  await migrate(admin)
  await admin.end()
  const pool = createPool(url, { connectionsMax: 8, applicationName: "killed-test" })
  const plugin = await openPlugin({ database: createDatabase(pool) })
  let again: typeof server | undefined
  try {
    const client = await createClient(plugin.url)
    const name = await client.namespace()
    const answered: string[] = []
    const contents = Array.from({ length: 90 }, (_, i) => `memory ${i}`)
    const write = async () => {
      for (let content = contents.pop(); content !== undefined; content = contents.pop()) {
        const body = { content, kind: "fact", source: "agent" }
        const answer = await client.ask("POST", `/v1/namespaces/${name}/memories`, body)
        if (answer.status === 201) answered.push(content)
        else expect([answer.status, answer.body.code]).toEqual([503, "unavailable"])
        if (answered.length === 10) process.kill(await postmasterOf(dataDir), "SIGKILL")
      }
    }
    // So many that a batch stands in line behind the one that is carried out.
    await Promise.all(Array.from({ length: 40 }, write))
    // A server process that works when its parent is killed answers that, and ends.
    await expect.poll(async () => (await client.ask("GET", "/v1/health")).status, { timeout: 10_000 }).toBe(503)
    const requests = [
      ["POST", "/v1/search", { namespaces: [name] }],
      ["POST", "/v1/search", { namespaces: [name], query: "memory" }],
      ["PUT", `/v1/namespaces/${name}`, { kind: "custom" }],
      ["DELETE", `/v1/namespaces/${name}`, undefined],
      ["POST", `/v1/namespaces/${name}/memories`, { content: "x", kind: "fact", source: "agent" }],
    ] as const
    for (const [method, path, body] of requests) {
      const answer = await client.ask(method, path, body)
      expect([path, answer.status, answer.body.code]).toEqual([path, 503, "unavailable"])
      expect(answer.headers.get("retry-after")).toBe("1")
    }
    const health = await client.ask("GET", "/v1/health")
    expect([health.status, health.body.status]).toEqual([503, "degraded"])
    expect(answered.length).toBeGreaterThanOrEqual(10)

    again = await ensureEmbeddedPostgres({ dataDir })
    await expect
      .poll(async () => (await client.ask("GET", "/v1/health")).status, { timeout: 30_000, interval: 100 })
      .toBe(200)
    const found = await client.contents(name, { limit: 100 })
    expect(new Set(found).size).toBe(found.length)
    expect(found).toEqual(expect.arrayContaining(answered))
    await client.write(name, "afterwards")
    expect((await client.contents(name))[0]).toBe("afterwards")
  } finally {
    await plugin.close()
    await pool.end()
    await (again ?? server).stop()
    await rm(dataDir, { recursive: true, force: true })
  }
})

async function postmasterOf(dataDir: string): Promise<number> {
  return Number((await readFile(join(dataDir, "pg", "postmaster.pid"), "utf8")).split("\n")[0])
}
