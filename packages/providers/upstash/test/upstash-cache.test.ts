import { cachePromises } from "@engram/testkit/cache-promises"
import { silentLog } from "@engram/testkit/silent-log"
import { startUpstashServer, type UpstashServer } from "@engram/testkit/upstash-server"
import { createUpstashCache } from "@engram/upstash/upstash-cache"
import { afterAll, beforeAll, describe, expect, test } from "vitest"

let server: UpstashServer
const open = (changes: { token?: string; timeoutMs?: number } = {}) =>
  createUpstashCache({ url: server.url, token: server.token, log: silentLog, ...changes })
const entry = { key: "a", value: "1", ttlSeconds: 60 }

beforeAll(async () => {
  server = await startUpstashServer()
})
afterAll(() => server.stop())

describe("cache in Upstash", () => {
  cachePromises({
    open,
    outages: [
      { name: "while Upstash refuses connections", begin: () => server.pause(), end: () => server.resume() },
      {
        name: "while Upstash hangs",
        begin: async () => server.failNext("hang", 1_000),
        end: async () => server.stopFailing(),
      },
    ],
  })

  test.each([429, 500, 503] as const)("an answer of %d reads nothing and drops writes", async (status) => {
    const cache = open()
    await cache.set([entry])
    server.failNext(status, 2)
    expect(await cache.get("a")).toBeUndefined()
    await cache.set([{ ...entry, value: "2" }])
    expect(await cache.get("a")).toBe("1")
  })

  test("an answer torn in the middle reads nothing", async () => {
    const cache = open()
    await cache.set([entry])
    server.failNext("tear", 2)
    expect(await cache.get("a")).toBeUndefined()
    server.stopFailing()
    expect(await cache.get("a")).toBe("1")
  })

  test("many entries go in few requests, each under the size limit", async () => {
    const before = server.requests.length
    const entries = Array.from({ length: 500 }, (_, i) => ({ key: `k${i}`, value: "v".repeat(5_000), ttlSeconds: 60 }))
    await open().set(entries)
    expect(server.requests.length - before).toBe(3)
  })

  test("a wrong token is said in words, and no message holds a value", async () => {
    const lines: string[] = []
    const log = { ...silentLog, warn: (fields: object) => void lines.push(JSON.stringify(fields)) }
    const cache = createUpstashCache({ url: server.url, token: "wrong", log })
    await expect(cache.check()).rejects.toMatchObject({ name: "Rejected", code: "cache_refused" })
    await cache.set([{ ...entry, value: "a private text" }])
    expect(await cache.get("a")).toBeUndefined()
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain("WRONGPASS")
    expect(lines[0]).not.toContain("private")
  })
})
