import type { Cache } from "@engram/contracts/ports"
import { LRUCache } from "lru-cache"

/** What an entry costs beside its text, roughly. */
const entryOverheadBytes = 200

/**
 * A cache in this process: the least recently used goes when `bytesMax` (64 MB by default) is full. An entry larger
 * than a sixteenth of that is not kept. Other processes do not see it.
 */
export function createLruCache({ bytesMax = 64_000_000 } = {}): Cache {
  const entries = new LRUCache<string, string>({
    maxSize: bytesMax,
    maxEntrySize: Math.floor(bytesMax / 16),
    // Strings take up to two bytes a character.
    sizeCalculation: (value, key) => 2 * (value.length + key.length) + entryOverheadBytes,
  })
  return {
    get: async (key) => entries.get(key),
    set: async (given) => {
      for (const { key, value, ttlSeconds } of given) entries.set(key, value, { ttl: Math.max(1, ttlSeconds * 1_000) })
    },
    remove: async (keys) => {
      for (const key of keys) entries.delete(key)
    },
    clear: async (prefixes) => {
      const gone = [...entries.keys()].filter((key) => prefixes.some((prefix) => key.startsWith(prefix)))
      for (const key of gone) entries.delete(key)
      return gone.length
    },
    check: async () => {},
  }
}
