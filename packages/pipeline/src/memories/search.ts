import { RetryLater, reasonOf } from "@engram/contracts/errors"
import type { EmbeddingVersion } from "@engram/contracts/knowledge"
import {
  type IndexHits,
  type MemoryFilter,
  type MemoryLedger,
  type MemoryPlace,
  type MemoryRow,
  queryCharsMax,
  type RankedMemory,
} from "@engram/contracts/memories"
import type { Embedder, Log, VectorIndex } from "@engram/contracts/ports"
import { compareText } from "@engram/core/compare-text"
import { fuse } from "@engram/core/rank"
import { namespaceOf, sameModel } from "../embed.ts"
import type { CallerVersions } from "./versions.ts"

/** Taken from each list before fusing, and asked of the index: twice the most that are answered. */
const candidatesMax = 200
/** Vectors that the index does not show yet and that are compared exactly: at 512 dimensions 2 MB a search. */
const exactMax = 1_000
/**
 * Below this the server's vectors say that a text is about something else: a query answers with what matches it, not with
 * whatever is least far. Unrelated texts stay under 0.15 with the local embedder, under 0.3 with Cohere's.
 */
const similarityMin = 0.35
/** The embedder and the index get this long together; then full text answers alone. */
const vectorsMs = 3_000

export interface MemorySearchDeps {
  readonly ledger: MemoryLedger
  readonly callers: CallerVersions
  readonly embedder: Embedder
  readonly index: VectorIndex
  readonly log: Log
  readonly vectorsMs?: number
}

export interface MemoryQuestion {
  readonly namespaces: readonly string[]
  readonly kinds: readonly string[] | undefined
  /** Blank is none. */
  readonly query: string | undefined
  /** Of unit length. */
  readonly embedding: Float32Array | undefined
  readonly limit: number
}

export interface FoundMemory extends MemoryRow {
  /** Cosine similarity where only an embedding was given, else the reciprocal-rank sum; undefined where nothing was searched for. */
  readonly score?: number
}

export interface FoundMemories {
  readonly memories: readonly FoundMemory[]
  /** The embedder or the index was away, and what it would have added is missing. */
  readonly degraded: boolean
}

/**
 * Nothing asked: pinned first, then newest. A query: full text, fused with what the server's vectors find near it. An embedding:
 * the callers' vectors by cosine. Both: the two fused by rank. Every answer is live in Postgres when it is given. The index
 * or the embedder away is a degraded answer; Postgres away is an error.
 */
export const searchMemories =
  (deps: MemorySearchDeps) =>
  async (place: MemoryPlace, question: MemoryQuestion): Promise<FoundMemories> => {
    const { embedding, limit } = question
    const query = question.query?.slice(0, queryCharsMax).replaceAll("\0", " ").toWellFormed().trim() ?? ""
    const version = embedding && (await deps.callers.find(embedding.length))
    const filter: MemoryFilter = {
      namespaceIds: await deps.ledger.namespaceIds(place, question.namespaces),
      kinds: question.kinds?.length ? question.kinds : undefined,
    }
    if (filter.namespaceIds.length === 0) return { memories: [], degraded: false }
    if (query === "" && embedding === undefined) {
      return { memories: await deps.ledger.newest(place, filter, limit), degraded: false }
    }
    const ask: Ask = { deps, place, filter }
    if (query === "") {
      const { list, degraded } = await nearBrought(ask, version, embedding!)
      return { memories: list.slice(0, limit).map(asCosine), degraded }
    }
    const [byText, byVector] = await Promise.all([
      deps.ledger.matching(place, filter, query, candidatesMax),
      embedding ? nearBrought(ask, version, embedding) : nearQuery(ask, query),
    ])
    return { memories: fused([byText, byVector.list]).slice(0, limit), degraded: byVector.degraded }
  }

interface Ask {
  readonly deps: MemorySearchDeps
  readonly place: MemoryPlace
  readonly filter: MemoryFilter
}

interface Near {
  readonly list: readonly RankedMemory[]
  readonly degraded: boolean
}

/** By the vectors that callers brought. While the index is away they are compared exactly, the newest of them. */
async function nearBrought(ask: Ask, version: EmbeddingVersion | undefined, values: Float32Array): Promise<Near> {
  if (version === undefined) return { list: [], degraded: false }
  const { deps, place, filter } = ask
  const indexed = await unlessAway(deps, () => inIndex(ask, version, values))
  const question = { version, values, indexed, exactMax, scoreMin: -2, max: candidatesMax }
  return { list: await deps.ledger.nearest(place, filter, question), degraded: indexed === undefined }
}

/** By the vectors that the server makes of contents. While it cannot, full text answers alone. */
async function nearQuery(ask: Ask, query: string): Promise<Near> {
  const { deps, place, filter } = ask
  const version = await deps.ledger.activeVersion(place)
  if (version === undefined || !sameModel(deps.embedder, version)) return { list: [], degraded: false }
  const found = await unlessAway(deps, async () => {
    const [values] = await deps.embedder.embed([query], "search_query")
    return { values: values!, indexed: await inIndex(ask, version, values!) }
  })
  if (found === undefined) return { list: [], degraded: true }
  const question = { version, ...found, exactMax, scoreMin: similarityMin, max: candidatesMax }
  return { list: await deps.ledger.nearest(place, filter, question), degraded: false }
}

/** One query to the index, however many namespaces: they are a condition, not a place. */
const inIndex = ({ deps, filter }: Ask, version: EmbeddingVersion, values: Float32Array): Promise<IndexHits> =>
  deps.index.query({ index: version.indexName, namespace: namespaceOf("memories", version) }, values, {
    topK: candidatesMax,
    filter: { namespaces: filter.namespaceIds, ...(filter.kinds && { type: filter.kinds }) },
  })

/** undefined when vectors cannot be asked now, whatever the reason: full text and Postgres still can. */
async function unlessAway<T>(
  { log, vectorsMs: limitMs = vectorsMs }: MemorySearchDeps,
  work: () => Promise<T>,
): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new RetryLater(`vectors did not answer within ${limitMs} ms`, { afterMs: 1_000 })
    timer = setTimeout(() => reject(error), limitMs)
  })
  try {
    return await Promise.race([work(), late])
  } catch (error) {
    log.warn({ reason: reasonOf(error) }, "memory search without vectors")
    return undefined
  } finally {
    clearTimeout(timer)
  }
}

const asCosine = ({ rank, ...row }: RankedMemory): FoundMemory => ({ ...row, score: Math.max(-1, Math.min(1, rank)) })

/** By reciprocal rank; of equals the pinned first, then the newest. */
function fused(lists: readonly (readonly RankedMemory[])[]): FoundMemory[] {
  const rows = new Map(lists.flat().map(({ rank: _, ...row }) => [row.id, row]))
  const ranked = fuse(lists.map((list) => list.map(({ id }) => id)))
  return ranked
    .map(({ id, score }) => ({ ...rows.get(id)!, score }))
    .sort(
      (a, b) =>
        b.score - a.score ||
        Number(b.pin ?? false) - Number(a.pin ?? false) ||
        b.createdAt.getTime() - a.createdAt.getTime() ||
        compareText(a.id, b.id),
    )
}
