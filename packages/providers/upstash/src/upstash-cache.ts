import { Rejected, RetryLater, reasonOf } from "@engram/contracts/errors"
import type { Cache, Log } from "@engram/contracts/ports"
import { Redis } from "@upstash/redis"

export interface UpstashCacheOptions {
  readonly url: string
  readonly token: string
  readonly log: Log
  /** How long a request may take, its retry included. */
  readonly timeoutMs?: number
  /** Entries are sent in requests of at most about this size. Upstash's limit is 10 MB. */
  readonly requestBytesMax?: number
}

type Entry = Parameters<Cache["set"]>[0][number]

/** A cache in Upstash Redis by its REST API: no connection to keep. A torn connection is tried once more. */
export function createUpstashCache(options: UpstashCacheOptions): Cache {
  const { url, token, log, timeoutMs = 1_500, requestBytesMax = 1_000_000 } = options
  const place = new URL(url).host
  const redis = new Redis({
    url,
    token,
    // A function, so that each request has its own time.
    signal: () => AbortSignal.timeout(timeoutMs),
    retry: { retries: 1, backoff: () => 50 },
    enableTelemetry: false,
    // Values are strings, and come back as they were.
    automaticDeserialization: false,
  })
  let isDown = false
  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      const result = await work()
      if (isDown) log.info({ place }, "cache reachable again")
      isDown = false
      return result
    } catch (error) {
      if (!isDown) log.warn({ place, reason: briefly(error) }, "cache unreachable: going on without it")
      isDown = true
      return undefined
    }
  }

  return {
    get: async (key) => (await attempt(() => redis.get<string>(key))) ?? undefined,
    set: async (entries) => {
      await attempt(() =>
        Promise.all(
          batches(entries, requestBytesMax).map((batch) => {
            const pipeline = redis.pipeline()
            for (const { key, value, ttlSeconds } of batch) {
              // What was there before is outdated either way.
              if (sizeOf({ key, value }) > requestBytesMax) pipeline.del(key)
              else pipeline.set(key, value, { px: Math.max(1, Math.ceil(ttlSeconds * 1_000)) })
            }
            return pipeline.exec()
          }),
        ),
      )
    },
    remove: async (keys) => {
      if (keys.length > 0) await attempt(() => redis.del(...keys))
    },
    clear: async (prefixes) => {
      try {
        let removed = 0
        for (const prefix of prefixes) {
          const match = `${prefix.replace(/[*?[\]\\]/g, "\\$&")}*`
          for (let cursor = "0"; ; ) {
            const [next, keys] = await redis.scan(cursor, { match, count: 1_000 })
            if (keys.length > 0) removed += await redis.del(...keys)
            cursor = String(next)
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
        await redis.ping()
      } catch (error) {
        throw explained(error, place)
      }
    },
  }
}

/** At most: JSON escapes a character of one byte in six. */
function sizeOf({ key, value }: { key: string; value: string }): number {
  return Buffer.byteLength(JSON.stringify(value)) + Buffer.byteLength(JSON.stringify(key)) + 40
}

function batches(entries: readonly Entry[], bytesMax: number): Entry[][] {
  const made: Entry[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const entry of entries) {
    // One that is too large is only removed, which takes little room.
    const size = Math.min(sizeOf(entry), bytesMax)
    if (bytes + size > bytesMax) {
      made.push([])
      bytes = 0
    }
    made.at(-1)?.push(entry)
    bytes += size
  }
  return made
}

/** The SDK puts the whole command, values and all, into its messages. */
function briefly(error: unknown): string {
  const [reason = ""] = reasonOf(error).split(", command was:")
  return reason.slice(0, 300)
}

function explained(error: unknown, place: string): Error {
  const reason = briefly(error)
  const message = `the cache (upstash at ${place}) does not answer: ${reason}`
  if (/WRONGPASS|NOAUTH|NOPERM|unauthorized/i.test(reason)) {
    return new Rejected("cache_refused", `${message}. Check UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN`)
  }
  return new RetryLater(message, { afterMs: 5_000 })
}
