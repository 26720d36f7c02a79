import { Rejected, RetryLater, reasonOf } from "@engram/contracts/errors"
import type { Cache, Log } from "@engram/contracts/ports"
import { type ChainableCommander, Redis } from "ioredis"

export interface RedisCacheOptions {
  readonly url: string
  readonly log: Log
  /** How long a read or write may take before it counts as an outage. */
  readonly timeoutMs?: number
  /** Larger values are not kept. */
  readonly valueBytesMax?: number
}

const reconnectDelayMaxMs = 2_000

/** A cache in Redis. Nothing waits for a connection: without one, reads find nothing and writes are dropped at once. */
export function createRedisCache(options: RedisCacheOptions): Cache & { close(): Promise<void> } {
  const { url, log, timeoutMs = 1_000, valueBytesMax = 1_000_000 } = options
  const place = new URL(url).host
  let trouble: unknown
  const redis = new Redis(url, {
    commandTimeout: timeoutMs,
    connectTimeout: timeoutMs,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(50 * 2 ** times, reconnectDelayMaxMs),
  })
  const failed = (error: unknown) => {
    if (!trouble) log.warn({ place, reason: reasonOf(error) }, "cache unreachable: going on without it")
    trouble = error
  }
  const worked = () => {
    if (trouble) log.info({ place }, "cache reachable again")
    trouble = undefined
  }
  redis.on("error", failed)
  redis.on("ready", worked)

  /** Calls made before the first connection wait for it, within the time that any call may take. */
  const connected = async (): Promise<void> => {
    if (redis.status === "ready") return
    const waits = ["connecting", "connect"].includes(redis.status)
    if (waits && (await becomesReady(redis, timeoutMs))) return
    throw trouble ?? new Error(`not connected to ${place}`)
  }
  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      await connected()
      const result = await work()
      worked()
      return result
    } catch (error) {
      failed(error)
      return undefined
    }
  }

  return {
    get: async (key) => (await attempt(() => redis.get(key))) ?? undefined,
    set: async (entries) => {
      if (entries.length === 0) return
      await attempt(() => {
        const pipeline = redis.pipeline()
        for (const { key, value, ttlSeconds } of entries) {
          // What was there before is outdated either way.
          if (Buffer.byteLength(value) > valueBytesMax) pipeline.del(key)
          else pipeline.set(key, value, "PX", Math.max(1, Math.ceil(ttlSeconds * 1_000)))
        }
        return allOf(pipeline)
      })
    },
    remove: async (keys) => {
      if (keys.length > 0) await attempt(() => redis.del(...keys))
    },
    clear: async (prefixes) => {
      try {
        await connected()
        let removed = 0
        for (const prefix of prefixes) {
          const match = `${prefix.replace(/[*?[\]\\]/g, "\\$&")}*`
          for (let cursor = "0"; ; ) {
            const [next, keys] = await redis.scan(cursor, "MATCH", match, "COUNT", 1_000)
            if (keys.length > 0) removed += await redis.unlink(...keys)
            cursor = next
            if (cursor === "0") break
          }
        }
        return removed
      } catch (error) {
        throw explained(error, place)
      }
    },
    check: async () => {
      try {
        await connected()
        await redis.ping()
      } catch (error) {
        throw explained(error, place)
      }
    },
    close: async () => redis.disconnect(),
  }
}

/** A pipeline resolves with its errors; the first is thrown. */
async function allOf(pipeline: ChainableCommander): Promise<void> {
  for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error
}

function becomesReady(redis: Redis, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (ready: boolean) => {
      clearTimeout(timer)
      redis.off("ready", onReady)
      redis.off("close", onClose)
      resolve(ready)
    }
    const onReady = () => end(true)
    const onClose = () => end(false)
    const timer = setTimeout(onClose, timeoutMs)
    redis.once("ready", onReady)
    redis.once("close", onClose)
  })
}

function explained(error: unknown, place: string): Error {
  const message = `the cache (redis at ${place}) does not answer: ${reasonOf(error)}`
  if (/NOAUTH|WRONGPASS|NOPERM/.test(reasonOf(error))) {
    return new Rejected("cache_refused", `${message}. Check the user and password in REDIS_URL`, { cause: error })
  }
  return new RetryLater(message, { afterMs: 5_000, cause: error })
}
