import { createLruCache } from "@engram/lru/lru-cache"
import { cachePromises } from "@engram/testkit/cache-promises"
import { describe, expect, test } from "vitest"

describe("cache in process", () => {
  cachePromises({ open: () => createLruCache(), outages: [] })

  test("keeps within its bytes by dropping what was used longest ago", async () => {
    const cache = createLruCache({ bytesMax: 1_000_000 })
    const keys = Array.from({ length: 100 }, (_, i) => `key-${i}`)
    for (const key of keys) {
      await cache.set([{ key, value: "x".repeat(10_000), ttlSeconds: 60 }])
      await cache.get("key-0")
    }
    const kept = await Promise.all(keys.map((key) => cache.get(key)))
    const count = kept.filter((value) => value !== undefined).length
    expect(count).toBeGreaterThan(40)
    expect(count).toBeLessThanOrEqual(50)
    expect(kept[0]).toBeDefined()
    expect(kept[1]).toBeUndefined()
    expect(kept[99]).toBeDefined()
  })
})
