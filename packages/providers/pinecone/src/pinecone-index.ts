import type { BreakerState } from "@engram/contracts/breakers"
import { RetryLater } from "@engram/contracts/errors"
import type { VectorIndex, VectorTarget } from "@engram/contracts/ports"
import { createHastyFetch, createPatientFetch } from "@engram/patient-fetch/patient-fetch"
import { type Index, Pinecone } from "@pinecone-database/pinecone"
import { createIndexDirectory } from "./index-directory.ts"
import { failure, isMissing, isQuota, mismatch } from "./pinecone-words.ts"
import { batchesOf, wireFilter } from "./requests.ts"

/** Pinecone's limits for one request. */
const DELETE_IDS_MAX = 1_000
/** They travel in the URL. */
const FETCH_IDS_MAX = 100
/** Fetches under way at once: each brings the values along, a megabyte of them. */
const FETCHES_TOGETHER = 4
const LIST_IDS_MAX = 100
const TOP_K_MAX = 10_000

export interface PineconeIndexOptions {
  readonly apiKey: string
  readonly controllerHostUrl?: string
  /** For one request. */
  readonly timeoutMs: number
  readonly retryBaseMs?: number
  /** How long Pinecone is left alone after failing many times in a row. */
  readonly restMs?: number
}

/** Pinecone gives no bound; its pages speak of seconds. */
const TRAILS_MS = 60_000

/**
 * Vectors in Pinecone's serverless indexes, by cosine. Reads may trail writes by seconds. Large writes are split within
 * Pinecone's limits (1,000 records or 2 MB an upsert, 1,000 ids a delete) and sent in order; at most 10,000 hits a query.
 */
export function createPineconeIndex(options: PineconeIndexOptions): VectorIndex & { breakerState(): BreakerState } {
  const { apiKey, controllerHostUrl, retryBaseMs = 250 } = options
  const patience = { ...options, service: "Pinecone", isFinal: (_: number, body: string) => isQuota(body) }
  const connect = (through: typeof fetch) => {
    const where = controllerHostUrl ? { controllerHostUrl } : {}
    return new Pinecone({ apiKey, fetchApi: through, maxRetries: 0, ...where })
  }
  const patient = createPatientFetch(patience)
  const pinecone = connect(patient.fetch)
  const checker = connect(createHastyFetch(patience))
  const directory = createIndexDirectory(pinecone, { pollMs: retryBaseMs })

  /** Runs `work` in our three words. After any failure the index is looked up anew: it may have been deleted or moved. */
  const translated = async <T>(index: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      directory.forget(index)
      throw failure(error, index)
    }
  }

  /** Reads from a namespace; `empty` when it, or its index, is not there. */
  const read = async <T>(target: VectorTarget, empty: T, work: (namespace: Index, dimension: number) => Promise<T>) => {
    return await translated(target.index, async () => {
      const place = await directory.find(target.index)
      if (!place) return empty
      const namespace = pinecone.index({ host: place.host, namespace: target.namespace })
      return await work(namespace, place.dimension).catch((error: unknown) => {
        if (!isMissing(error)) throw error
        directory.forget(target.index)
        return empty
      })
    })
  }

  return {
    trailsMs: TRAILS_MS,

    ensure: (index, dimension) => translated(index, () => directory.ensure(index, dimension)),

    async upsert(target, records) {
      if (records.length === 0) return
      await translated(target.index, async () => {
        const place = await directory.find(target.index)
        if (!place) throw new RetryLater(`Pinecone has no index ${target.index} yet`, { afterMs: 1_000 })
        const wrong = records.find(({ values }) => values.length !== place.dimension)
        if (wrong) throw mismatch(target.index, place.dimension, wrong.values.length)
        const namespace = pinecone.index({ host: place.host, namespace: target.namespace })
        for (const batch of batchesOf(records)) await namespace.upsert({ records: batch })
      })
    },

    async remove(target, ids) {
      if (ids.length === 0) return
      await read(target, undefined, async (namespace) => {
        for (let from = 0; from < ids.length; from += DELETE_IDS_MAX) {
          await namespace.deleteMany({ ids: ids.slice(from, from + DELETE_IDS_MAX) })
        }
      })
    },

    async query(target, values, { topK, filter = {} }) {
      const nothingCanMatch =
        topK < 1 || [filter.namespaces, filter.source, filter.type].some((any) => any?.length === 0)
      if (nothingCanMatch) return []
      return await read(target, [], async (namespace, dimension) => {
        if (values.length !== dimension) throw mismatch(target.index, dimension, values.length)
        const wanted = wireFilter(filter)
        const { matches } = await namespace.query({
          vector: Array.from(values),
          topK: Math.min(topK, TOP_K_MAX),
          ...(wanted ? { filter: wanted } : {}),
        })
        return matches.map(({ id, score = 0 }) => ({ id, score }))
      })
    },

    async present(target, ids) {
      if (ids.length === 0) return []
      return await read(target, [], async (namespace) => {
        const found: string[] = []
        for (let from = 0; from < ids.length; from += FETCH_IDS_MAX) {
          const { records } = await namespace.fetch({ ids: ids.slice(from, from + FETCH_IDS_MAX) })
          found.push(...Object.keys(records))
        }
        return found
      })
    },

    async *list(target) {
      for (let paginationToken: string | undefined; ; ) {
        const options = { limit: LIST_IDS_MAX, ...(paginationToken ? { paginationToken } : {}) }
        const page = await read(target, undefined, (namespace) => namespace.listPaginated(options))
        const ids = page?.vectors?.flatMap(({ id }) => id ?? []) ?? []
        if (ids.length > 0) yield ids
        paginationToken = page?.pagination?.next
        if (!paginationToken) return
      }
    },

    async hashes(target, ids) {
      const found = new Map<string, string>()
      if (ids.length === 0) return found
      await read(target, undefined, async (namespace) => {
        const batches = Array.from({ length: Math.ceil(ids.length / FETCH_IDS_MAX) }, (_, at) =>
          ids.slice(at * FETCH_IDS_MAX, (at + 1) * FETCH_IDS_MAX),
        )
        for (let from = 0; from < batches.length; from += FETCHES_TOGETHER) {
          const now = batches.slice(from, from + FETCHES_TOGETHER)
          const answers = await Promise.all(now.map((each) => namespace.fetch({ ids: [...each] })))
          for (const { records } of answers) {
            for (const [id, { metadata }] of Object.entries(records)) found.set(id, textOf(metadata?.hash))
          }
        }
      })
      return found
    },

    async clear(target) {
      await read(target, undefined, (namespace) => namespace.deleteAll())
    },

    async count(target) {
      return await read(target, 0, async (namespace) => {
        const { namespaces = {} } = await namespace.describeIndexStats()
        return namespaces[target.namespace]?.recordCount ?? 0
      })
    },

    async drop(index) {
      await translated(index, async () => {
        directory.forget(index)
        await pinecone.indexes.delete(index).catch((error: unknown) => {
          if (!isMissing(error)) throw error
        })
      })
    },

    async check() {
      await checker.indexes.list().catch((error: unknown) => {
        throw failure(error, "list")
      })
    },

    breakerState: patient.breakerState,
  }
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "")
