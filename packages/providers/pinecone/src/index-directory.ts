import { setTimeout as wait } from "node:timers/promises"
import { RetryLater } from "@engram/contracts/errors"
import type { Pinecone } from "@pinecone-database/pinecone"
import { checkIndexName, isMissing, mismatch } from "./pinecone-words.ts"

/** Pinecone makes a serverless index within seconds. Past this something is wrong. */
const READY_MAX_MS = 120_000
const READY_POLL_MAX_MS = 5_000

export interface IndexPlace {
  readonly host: string
  readonly dimension: number
}

export interface IndexDirectory {
  /** Where an index is; asked once, until it is forgotten. undefined when there is no such index. */
  find(index: string): Promise<IndexPlace | undefined>
  /** Makes the index unless it is there, and waits until it can be written. */
  ensure(index: string, dimension: number): Promise<void>
  forget(index: string): void
}

/** The project's indexes, with their hosts and dimensions remembered. */
export function createIndexDirectory(pinecone: Pinecone, { pollMs }: { readonly pollMs: number }): IndexDirectory {
  const places = new Map<string, IndexPlace>()

  const describe = async (index: string): Promise<(IndexPlace & { ready: boolean }) | undefined> => {
    try {
      const { host, dimension = 0, status } = await pinecone.indexes.describe(index)
      return { host, dimension, ready: status?.ready ?? false }
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  const find = async (index: string): Promise<IndexPlace | undefined> => {
    const known = places.get(index)
    if (known) return known
    const found = await describe(index)
    if (!found?.ready) return undefined
    places.set(index, found)
    return found
  }

  /** Not the SDK's `waitUntilReady`: that one is skipped for whoever lost the race to create. */
  const ready = async (index: string): Promise<IndexPlace> => {
    const deadline = performance.now() + READY_MAX_MS
    for (let waitMs = pollMs; performance.now() < deadline; waitMs = Math.min(waitMs * 2, READY_POLL_MAX_MS)) {
      const place = await find(index)
      if (place) return place
      await wait(waitMs)
    }
    throw new RetryLater(`index ${index} was not ready within ${READY_MAX_MS} ms`, { afterMs: 30_000 })
  }

  return {
    find,
    async ensure(index, dimension) {
      checkIndexName(index)
      if (!places.has(index) && !(await describe(index))) {
        const spec = { serverless: { cloud: "aws", region: "us-east-1" } }
        await pinecone.indexes.create({ name: index, dimension, metric: "cosine", spec, suppressConflicts: true })
      }
      const place = await ready(index)
      if (place.dimension !== dimension) throw mismatch(index, place.dimension, dimension)
    },
    forget: (index) => void places.delete(index),
  }
}
