import { RetryLater, reasonOf } from "@engram/contracts/errors"
import type { EmbeddingVersion } from "@engram/contracts/knowledge"
import {
  type IndexHits,
  type MemoryFilter,
  type MemoryLedger,
  type MemoryPlace,
  type MemoryRow,
  type NearMemories,
  queryCharsMax,
  type RankedMemory,
} from "@engram/contracts/memories"
import type { EmbedderOf, Log, VectorIndex } from "@engram/contracts/ports"
import { compareText } from "@engram/core/compare-text"
import { namespaceOf } from "../embed.ts"
import type { CallerVersions } from "./versions.ts"

/** Taken from each list before fusing, and asked of the index: what stands further down in both would not be answered. */
const candidatesOf = (limit: number): number => Math.max(50, 2 * limit)
/** Namespaces end while they are searched rarely; more often than this they change all the time. */
const looksMax = 3
/** Vectors that the index does not show yet and that are compared exactly: at 512 dimensions 2 MB a search. */
const exactMax = 1_000
/**
 * Below this the server's vectors say that a text is about something else: a query answers with what matches it, not with
 * whatever is least far. Unrelated texts stay under 0.15 with the local embedder, under 0.3 with Cohere's.
 */
const similarityMin = 0.35
/** Ranks nearer than this are equal: an index and we round differently. */
const sameRank = 1e-6
/** The embedder and the index get this long together; then full text answers alone. */
const vectorsMs = 3_000

export interface MemorySearchDeps {
  readonly ledger: MemoryLedger
  readonly callers: CallerVersions
  readonly embedderOf: EmbedderOf
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
      namespaces: [...new Set(question.namespaces)],
      kinds: question.kinds?.length ? question.kinds : undefined,
    }
    if (query === "" && embedding === undefined) {
      return { memories: await deps.ledger.newest(place, filter, limit), degraded: false }
    }
    const ask: Ask = { deps, place, filter, candidatesMax: candidatesOf(limit) }
    if (query === "") {
      const { memories, degraded } = await nearBrought(ask, version, embedding!)
      return { memories: memories.slice(0, limit).map(asCosine), degraded }
    }
    const [byText, byVector] = await Promise.all([
      deps.ledger.matching(place, filter, query, ask.candidatesMax),
      embedding ? nearBrought(ask, version, embedding) : nearQuery(ask, query),
    ])
    return { memories: fused(byText, byVector).slice(0, limit), degraded: byVector.degraded }
  }

interface Ask {
  readonly deps: MemorySearchDeps
  readonly place: MemoryPlace
  readonly filter: MemoryFilter
  readonly candidatesMax: number
}

interface Near extends Pick<NearMemories, "memories" | "unknown"> {
  readonly degraded: boolean
}

const nothing: Near = { memories: [], unknown: new Set(), degraded: false }

/** By the vectors that callers brought. While the index is away they are compared exactly, the newest of them. */
async function nearBrought(ask: Ask, version: EmbeddingVersion | undefined, values: Float32Array): Promise<Near> {
  if (version === undefined) return nothing
  const look = async (lives: readonly string[]) => ({ values, indexed: await inIndex(ask, version, values, lives) })
  return near(ask, { version, scoreMin: -2, look, values })
}

/** By the vectors that the server makes of contents. While it cannot, full text answers alone. */
async function nearQuery(ask: Ask, query: string): Promise<Near> {
  const { deps, place } = ask
  const version = await deps.ledger.activeVersion(place)
  if (version === undefined) return nothing
  let embedded: Float32Array | undefined
  const look = async (lives: readonly string[]) => {
    embedded ??= (await (await deps.embedderOf(version.model)).embed([query], "search_query"))[0]!
    return { values: embedded, indexed: await inIndex(ask, version, embedded, lives) }
  }
  return near(ask, { version, scoreMin: similarityMin, look })
}

/**
 * Looks at the lives that the namespaces were last seen to have, and again when Postgres says that they have others by now.
 * While nothing can be looked at, what is near to `values` is found in Postgres, if they are known.
 */
async function near(
  { deps, place, filter, candidatesMax }: Ask,
  question: {
    readonly version: EmbeddingVersion
    readonly scoreMin: number
    look(lives: readonly string[]): Promise<{ readonly values: Float32Array; readonly indexed: IndexHits }>
    readonly values?: Float32Array
  },
): Promise<Near> {
  const { version, scoreMin } = question
  let lives: readonly string[] = deps.ledger.livesSeen(place, filter.namespaces)
  for (let look = 1; ; look++) {
    const asked = lives
    const seen = await unlessAway(deps, () => question.look(asked))
    const values = seen?.values ?? question.values
    if (values === undefined) return { ...nothing, degraded: true }
    const { indexed } = seen ?? { indexed: undefined }
    const found = await deps.ledger.nearest(place, filter, {
      version,
      values,
      indexed,
      trailsMs: deps.index.trailsMs,
      exactMax,
      scoreMin,
      max: candidatesMax,
    })
    if (seen === undefined || look === looksMax || isSame(asked, found.lives)) {
      return { ...found, degraded: seen === undefined }
    }
    lives = found.lives
  }
}

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((each) => b.includes(each))

/** One query to the index, however many namespaces: they are a condition, not a place. */
async function inIndex(
  { deps, filter, candidatesMax }: Ask,
  version: EmbeddingVersion,
  values: Float32Array,
  lives: readonly string[],
): Promise<IndexHits> {
  if (lives.length === 0) return []
  return deps.index.query({ index: version.indexName, namespace: namespaceOf("memories", version) }, values, {
    topK: candidatesMax,
    filter: { namespaces: lives, ...(filter.kinds && { type: filter.kinds }) },
  })
}

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

/**
 * By reciprocal rank; of equals the pinned first, then the newest. How near a memory is whose vector is not known yet nobody can
 * say: it counts as ranked by it as by its text, so that what was just written is not behind for being new.
 */
function fused(byText: readonly RankedMemory[], { memories: byVector, unknown }: Near): FoundMemory[] {
  const rows = new Map([...byText, ...byVector].map(({ rank: _, ...row }) => [row.id, row]))
  const [inText, inVectors] = [reciprocalRanks(byText), reciprocalRanks(byVector)]
  const scoreOf = (id: string): number => (inText.get(id) ?? 0) + ((unknown.has(id) ? inText : inVectors).get(id) ?? 0)
  return [...rows.values()]
    .map((row) => ({ ...row, score: scoreOf(row.id) }))
    .sort(
      (a, b) =>
        b.score - a.score ||
        Number(b.pin ?? false) - Number(a.pin ?? false) ||
        b.createdAt.getTime() - a.createdAt.getTime() ||
        compareText(a.id, b.id),
    )
}

/** As in core's `fuse`; memories that are equal in a list have the same rank in it, or equals would change places as their vectors come. */
function reciprocalRanks(list: readonly RankedMemory[]): Map<string, number> {
  let place = 0
  return new Map(
    list.map(({ id, rank }, at) => {
      if (at === 0 || Math.abs(rank - list[at - 1]!.rank) > sameRank) place = at + 1
      return [id, 1 / (60 + place)]
    }),
  )
}
