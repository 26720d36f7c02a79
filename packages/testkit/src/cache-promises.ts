import type { Cache } from "@engram/contracts/ports"
import { afterEach, describe, expect, test } from "vitest"
import { waitUntil } from "./wait-until.ts"

export interface CacheHarness {
  open(): Cache & { close?(): Promise<void> | void }
  /** How its server goes away and comes back; none for a cache without a server. */
  readonly outages: readonly { readonly name: string; begin(): Promise<void>; end(): Promise<void> }[]
}

let serial = 0

/** Every cache keeps these promises. */
export function cachePromises(harness: CacheHarness): void {
  const newKey = () => `document:${process.pid}-${++serial}`
  const opened: ReturnType<CacheHarness["open"]>[] = []
  const open = (): Cache => {
    const cache = harness.open()
    opened.push(cache)
    return cache
  }
  afterEach(async () => {
    for (const cache of opened.splice(0)) await cache.close?.()
  })

  test("gives back the very strings that were set", async () => {
    const cache = open()
    const values = [
      "plain",
      "",
      "OK",
      "null",
      "123",
      "true",
      '{"a":1}',
      "héllo 🎉",
      "a\nb\0c",
      "T0s=",
      "x".repeat(100_000),
    ]
    const entries = values.map((value) => ({ key: newKey(), value, ttlSeconds: 60 }))
    await cache.set(entries)
    for (const { key, value } of entries) expect(await cache.get(key)).toBe(value)
  })

  test("what is not there is undefined", async () => {
    expect(await open().get(newKey())).toBeUndefined()
  })

  test("setting again replaces the value and its time", async () => {
    const cache = open()
    const key = newKey()
    await cache.set([{ key, value: "old", ttlSeconds: 1 }])
    await cache.set([{ key, value: "new", ttlSeconds: 60 }])
    const other = newKey()
    await cache.set([{ key: other, value: "short", ttlSeconds: 1 }])
    await waitUntil("the short one expires", async () => (await cache.get(other)) === undefined, 5_000)
    expect(await cache.get(key)).toBe("new")
  })

  test("removes, and removing what is not there is no error", async () => {
    const cache = open()
    const [first, second] = [newKey(), newKey()]
    await cache.set([first, second].map((key) => ({ key, value: "x", ttlSeconds: 60 })))
    await cache.remove([first, newKey()])
    expect(await cache.get(first)).toBeUndefined()
    expect(await cache.get(second)).toBe("x")
  })

  test("nothing to set or remove is nothing to do", async () => {
    await open().set([])
    await open().remove([])
  })

  test("an entry too large to keep is dropped, and the others are kept", async () => {
    const cache = open()
    const [small, large, after] = [newKey(), newKey(), newKey()]
    await cache.set([
      { key: small, value: "1", ttlSeconds: 60 },
      { key: large, value: "x".repeat(12_000_000), ttlSeconds: 60 },
      { key: after, value: "2", ttlSeconds: 60 },
    ])
    expect(await cache.get(small)).toBe("1")
    expect(await cache.get(large)).toBeUndefined()
    expect(await cache.get(after)).toBe("2")
  })

  test("an entry too large to keep still replaces the one before it", async () => {
    const cache = open()
    const key = newKey()
    await cache.set([{ key, value: "old", ttlSeconds: 60 }])
    await cache.set([{ key, value: "x".repeat(12_000_000), ttlSeconds: 60 }])
    expect(await cache.get(key)).toBeUndefined()
  })

  test("many entries at once are all kept", async () => {
    const cache = open()
    const entries = Array.from({ length: 500 }, () => ({ key: newKey(), value: "v".repeat(5_000), ttlSeconds: 60 }))
    await cache.set(entries)
    expect(await cache.get(entries[0]!.key)).toHaveLength(5_000)
    expect(await cache.get(entries[499]!.key)).toHaveLength(5_000)
  })

  test("clears what begins with one of some prefixes, and nothing else", async () => {
    const cache = open()
    const at = `c*[${process.pid}-${++serial}`
    const keys = Array.from({ length: 1_500 }, (_, i) => `${at}:gone:${i}`)
    const others = [`${at}:also:1`, `${at}:kept:1`, `other:${at}:gone:1`, `cc${at.slice(2)}:gone:1`]
    await cache.set([...keys, ...others].map((key) => ({ key, value: "x", ttlSeconds: 60 })))
    expect(await cache.clear([`${at}:gone:`, `${at}:also:`])).toBe(1_501)
    const left = await Promise.all([...keys.slice(0, 3), ...others].map((key) => cache.get(key)))
    expect(left).toEqual([undefined, undefined, undefined, undefined, "x", "x", "x"])
    expect(await cache.clear([`${at}:gone:`])).toBe(0)
    expect(await cache.clear([])).toBe(0)
  })

  test("check() passes when it works", async () => {
    await open().check()
  })

  describe.each(harness.outages)("$name", ({ begin, end }) => {
    test("reads nothing, drops writes, throws nothing, all within 2 s; check() says so; afterwards it works", async () => {
      const cache = open()
      const key = newKey()
      await cache.set([{ key, value: "before", ttlSeconds: 60 }])
      await begin()
      try {
        for (let i = 0; i < 3; i++) {
          const startedAt = performance.now()
          expect(await cache.get(key)).toBeUndefined()
          expect(performance.now() - startedAt).toBeLessThan(2_000)
        }
        const startedAt = performance.now()
        await Promise.all([cache.set([{ key, value: "x", ttlSeconds: 60 }]), cache.remove([newKey()])])
        expect(performance.now() - startedAt).toBeLessThan(2_000)
        await expect(cache.check()).rejects.toThrow(/cache/)
        await expect(cache.clear(["document:"])).rejects.toThrow(/cache/)
      } finally {
        await end()
      }
      await waitUntil("it works again", async () => {
        await cache.set([{ key, value: "after", ttlSeconds: 60 }])
        return (await cache.get(key)) === "after"
      })
      await cache.check()
    })
  })
}
