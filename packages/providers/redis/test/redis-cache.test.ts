import { createRedisCache } from "@engram/redis/redis-cache"
import { cachePromises } from "@engram/testkit/cache-promises"
import { startRedis, type TestRedis } from "@engram/testkit/redis"
import { silentLog } from "@engram/testkit/silent-log"
import { Redis } from "ioredis"
import { afterAll, beforeAll, describe, expect, test } from "vitest"

let redis: TestRedis

beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

describe("cache in Redis", () => {
  cachePromises({
    open: () => createRedisCache({ url: redis.url, log: silentLog }),
    outages: [
      { name: "while Redis is down", begin: () => redis.kill(), end: () => redis.restart() },
      {
        name: "while Redis hangs",
        begin: async () => void process.kill(redis.pid!, "SIGSTOP"),
        end: async () => void process.kill(redis.pid!, "SIGCONT"),
      },
    ],
  })

  test("an outage is logged once when it begins and once when it ends", async () => {
    const messages: string[] = []
    const note = (_: object, message: string) => void messages.push(message)
    const cache = createRedisCache({ url: redis.url, log: { ...silentLog, warn: note, info: note } })
    await cache.check()
    await redis.kill()
    for (let i = 0; i < 5; i++) await cache.get("a")
    await redis.restart()
    await expect.poll(() => cache.check().then(String), { timeout: 10_000 }).toBe("undefined")
    expect(messages).toEqual(["cache unreachable: going on without it", "cache reachable again"])
    await cache.close()
  })

  test("a wrong password is said in words", async () => {
    const locked = await startRedis()
    const client = new Redis(locked.url)
    await client.config("SET", "requirepass", "right")
    const cache = createRedisCache({ url: locked.url.replace("//", "//:wrong@"), log: silentLog })
    await expect(cache.check()).rejects.toMatchObject({ name: "Rejected", code: "cache_refused" })
    expect(await cache.get("a")).toBeUndefined()
    client.disconnect()
    await cache.close()
    await locked.stop()
  })
})
