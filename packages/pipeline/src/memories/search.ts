import { cutText } from "@engram/contracts/cut-text"
import { reasonOf } from "@engram/contracts/errors"
import type { EmbeddingVersion } from "@engram/contracts/knowledge"
import { queryCharsMax } from "@engram/contracts/memories"
import type {
  FoundLists,
  IndexHits,
  MemoryFilter,
  MemoryLedger,
  MemoryPlace,
  MemoryRow,
  RankedMemory,
  TextQuestion,
} from "@engram/contracts/memory-ledger"
import type { EmbedderOf, Log, VectorIndex } from "@engram/contracts/ports"
import { compareText } from "@engram/core/compare-text"
import { placesOf, sameScore } from "@engram/core/places"
import { fusionK } from "@engram/core/rank"
import { namespaceOf } from "../embed.ts"
import { inTime } from "../in-time.ts"
import type { CallerVersions } from "./versions.ts"

/** Taken from each list before fusing, and asked of the index: what stands further down in both would not be answered. */
const candidatesOf = (limit: number): number => Math.max(50, 2 * limit)
/** Read beyond the limit where lists are fused: Postgres takes for different what we take for equal. */
const spareRows = 3
/** Asked of the index beyond the limit where nothing is fused: some of what it finds may have ended or changed. */
const spare = 10
/** So many times as much is asked of the index where it may know of better ones, up to as much as an index gives. */
const [more, topKMax] = [4, 10_000]
/** Namespaces end while they are searched rarely, and so do memories change; more often than this they change all the time. */
const looksMax = 3
/** Vectors that the index does not show yet and that are compared exactly: at 512 dimensions 2 MB a search. */
const exactMax = 1_000
/** Of a long query its first words count: so many words times namespaces, but no fewer words than these, and no more. */
const [lookUpsMax, wordsMin, wordsMax] = [20_000, 32, 1_000]
/**
 * Below this the server's vectors say that a text is about something else: a query answers with what matches it, not with
 * whatever is least far. Unrelated texts stay under 0.15 with the local embedder, under 0.3 with Cohere's.
 */
const similarityMin = 0.35
/** How long a statement may be on its way to Postgres: what was written to the index meanwhile counts as not seen in it. */
const onItsWayMs = 100
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
    const query = textOf(question.query)
    const callers = embedding && (await deps.callers.find(embedding.length))
    const filter: MemoryFilter = {
      namespaces: [...new Set(question.namespaces)],
      kinds: question.kinds?.length ? question.kinds : undefined,
    }
    if (query === "" && embedding === undefined) {
      return { memories: await deps.ledger.newest(place, filter, limit), degraded: false }
    }
    const candidatesMax = candidatesOf(limit)
    const [topK, rows] = query === "" ? [limit + spare, limit + spare] : [candidatesMax, limit + spareRows]
    const ask: Ask = { deps, place, filter, limit, candidatesMax, topK, rows }
    const near = embedding ? nearBrought(ask, callers, embedding) : await nearQuery(ask, query)
    return best(ask, query, near)
  }

/** Searched again when what was found has ended or been written before it was read. */
async function best(ask: Ask, query: string, near: Near | undefined): Promise<FoundMemories> {
  for (let look = 1; ; look++) {
    const found = await (query === "" ? lists(ask, undefined, near) : byWords(ask, query, near))
    const scored = (query === "" ? found.byVector.map(asCosine) : fused(found)).slice(0, ask.limit)
    const memories = await whole(ask, scored, found.asOf)
    if (memories.length === scored.length || look === looksMax) return { memories, degraded: found.degraded }
  }
}

const textOf = (query = ""): string => cutText(query, queryCharsMax).replaceAll("\0", " ").toWellFormed().trim()

interface Ask {
  readonly deps: MemorySearchDeps
  readonly place: MemoryPlace
  readonly filter: MemoryFilter
  readonly limit: number
  readonly candidatesMax: number
  /** Asked of the index at first: each of its candidates is looked up in Postgres, so few. */
  readonly topK: number
  /** So many of each list come with what they say. */
  readonly rows: number
}

/** How to look for what is near in one version. */
interface Near {
  readonly version: EmbeddingVersion
  readonly scoreMin: number
  look(lives: readonly string[], topK: number): Promise<{ readonly values: Float32Array; readonly indexed: IndexHits }>
  /** Where they are known without the embedder: then Postgres compares them while the index is away. */
  readonly values?: Float32Array
}

interface Lists extends FoundLists {
  readonly degraded: boolean
}

const nothing: Lists = {
  byText: [],
  wordless: false,
  byVector: [],
  isEmpty: false,
  unknown: new Set(),
  lives: [],
  asOf: "",
  degraded: false,
}

/** One character, or what holds no words, is looked for as it stands, and nothing is near it but by an embedding that came with it. */
async function byWords(ask: Ask, query: string, near: Near | undefined): Promise<Lists> {
  const composed = query.normalize()
  const asItStands = () => lists(ask, { query: composed, by: "substring" }, near?.values && near)
  if (isOneCharacter(composed)) return asItStands()
  // Postgres folds accents in either form; Hangul, kana and й it leaves as they are, so they are looked for as given too.
  const words = composed === query ? query : `${composed} ${query}`
  const found = await lists(ask, { query: firstWords(words, ask.filter), by: "words" }, near)
  // Both lists anew, so that they are of one moment.
  return found.wordless ? asItStands() : found
}

const characters = new Intl.Segmenter("en", { granularity: "grapheme" })

/** What people take for one: an accent that comes as a code point of its own belongs to its letter. */
const isOneCharacter = (text: string): boolean => characters.segment(text).containing(0)?.segment.length === text.length

/** Each word is compared with each memory that has none of those before it: 100,000 memories take Postgres 3 s with 1,000 words. */
function firstWords(query: string, { namespaces }: MemoryFilter): string {
  const words = Math.min(wordsMax, Math.max(wordsMin, Math.floor(lookUpsMax / namespaces.length)))
  return query.match(new RegExp(`^(?:\\S+\\s*){1,${words}}`))![0]
}

/** By the vectors that callers brought. While the index is away they are compared exactly, the newest of them. */
function nearBrought(ask: Ask, version: EmbeddingVersion | undefined, values: Float32Array): Near | undefined {
  if (version === undefined) return undefined
  const look: Near["look"] = async (lives, topK) => {
    return { values, indexed: await inIndex(ask, version, values, lives, topK) }
  }
  return { version, scoreMin: -2, look, values }
}

/** By the vectors that the server makes of contents. While it cannot, full text answers alone. */
async function nearQuery(ask: Ask, query: string): Promise<Near | undefined> {
  const { deps, place } = ask
  const version = await deps.ledger.activeVersion(place)
  if (version === undefined) return undefined
  let embedded: Float32Array | undefined
  const look: Near["look"] = async (lives, topK) => {
    embedded ??= (await (await deps.embedderOf(version.model)).embed([query], "search_query"))[0]!
    return { values: embedded, indexed: await inIndex(ask, version, embedded, lives, topK) }
  }
  return { version, scoreMin: similarityMin, look }
}

async function lists(ask: Ask, text: TextQuestion | undefined, near: Near | undefined): Promise<Lists> {
  const { deps, place } = ask
  if (near === undefined) return text ? byText(ask, text) : nothing
  const isByQuery = text !== undefined && near.values === undefined
  if (!isByQuery || deps.ledger.hasVectors(place, near.version)) return listsWith(ask, text, near)
  // Where callers bring all vectors the server has none: nobody is asked to embed a query for nothing.
  const found = await byText(ask, text, near.version)
  return found.isEmpty ? found : listsWith(ask, text, near)
}

/** Nothing is fused, so the first of the list are the answer. */
async function byText(
  { deps, place, filter, limit }: Ask,
  text: TextQuestion,
  emptyVersion?: EmbeddingVersion,
): Promise<Lists> {
  const question = { text, ...(emptyVersion && { emptyVersion }), max: limit, rows: limit }
  return { ...(await deps.ledger.lists(place, filter, question)), degraded: false }
}

/**
 * The index is looked at in the lives that the namespaces were last seen to have, and again when Postgres says that they have others
 * by now; and for more while what it left out may be nearer than what was found, or as near and pinned or newer. While it cannot be,
 * what is near is found in Postgres, where the values are known.
 */
async function listsWith(ask: Ask, text: TextQuestion | undefined, near: Near): Promise<Lists> {
  const { deps, place, filter, limit, candidatesMax: max, rows } = ask
  let lives: readonly string[] = await deps.ledger.livesSeen(place, filter.namespaces)
  const { version, scoreMin } = near
  let { topK } = ask
  for (let look = 1; ; look++) {
    const lookedAt = performance.now()
    const trailsMs = () => deps.index.trailsMs + performance.now() - lookedAt + onItsWayMs
    const seen = await unlessAway(deps, () => near.look(lives, topK))
    const values = seen?.values ?? near.values
    const byVector = values && { near: { version, values, indexed: seen?.indexed, trailsMs, exactMax, scoreMin } }
    const found = await deps.ledger.lists(place, filter, { ...(text && { text }), ...byVector, max, rows })
    if (seen === undefined) return { ...found, degraded: true }
    const isOther = look < looksMax && !isSame(lives, found.lives)
    const isShort = topK < topKMax && mayBelong(seen.indexed[topK - 1], scoreMin, found, limit)
    if (!isOther && !isShort) return { ...found, degraded: false }
    if (!isOther) topK = Math.min(more * topK, topKMax)
    lives = found.lives
  }
}

/** Whether what the index left out, at best as near as the `last` that was asked for, may be among the first `limit`. */
const mayBelong = (
  last: IndexHits[number] | undefined,
  scoreMin: number,
  { byVector }: FoundLists,
  limit: number,
): boolean => last !== undefined && last.score >= (byVector[limit - 1]?.rank ?? scoreMin) - sameScore

/** What is answered, read at the end where its list did not say it: what ended or was written since it was found is left out. */
async function whole({ deps, place, filter }: Ask, best: readonly Scored[], asOf: string): Promise<FoundMemory[]> {
  const unread = best.flatMap(({ id, row }) => (row ? [] : [id]))
  const rows = new Map((await deps.ledger.read(place, filter, unread, asOf)).map((row) => [row.id, row]))
  return best.flatMap(({ id, score, row = rows.get(id) }) => (row ? [{ ...row, score }] : []))
}

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((each) => b.includes(each))

/** One query to the index, however many namespaces: they are a condition, not a place. */
async function inIndex(
  { deps, filter }: Ask,
  version: EmbeddingVersion,
  values: Float32Array,
  lives: readonly string[],
  topK: number,
): Promise<IndexHits> {
  if (lives.length === 0) return []
  return deps.index.query({ index: version.indexName, namespace: namespaceOf("memories", version) }, values, {
    topK,
    filter: { namespaces: lives, ...(filter.kinds && { type: filter.kinds }) },
  })
}

/** undefined when vectors cannot be asked now, whatever the reason: full text and Postgres still can. */
async function unlessAway<T>(
  { log, vectorsMs: limitMs = vectorsMs }: MemorySearchDeps,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await inTime(limitMs, work(), () => new Error(`vectors did not answer within ${limitMs} ms`))
  } catch (error) {
    log.warn({ reason: reasonOf(error) }, "memory search without vectors")
    return undefined
  }
}

interface Scored extends Pick<RankedMemory, "id" | "row"> {
  readonly score: number
}

const asCosine = ({ rank, ...memory }: RankedMemory): Scored => ({ ...memory, score: Math.max(-1, Math.min(1, rank)) })

/**
 * By reciprocal rank; of equals the pinned first, then the newest. How near a memory is whose vector is not known yet nobody can
 * say: it counts as ranked by it as by its text, so that what was just written is not behind for being new.
 */
function fused({ byText, byVector, unknown }: Pick<FoundLists, "byText" | "byVector" | "unknown">): Scored[] {
  // What is in both may have its row in one.
  const found = new Map(byText.map((each) => [each.id, each]))
  for (const each of byVector) found.set(each.id, { ...found.get(each.id), ...each })
  const [inText, inVectors] = [reciprocalRanks(byText), reciprocalRanks(byVector)]
  const scoreOf = (id: string): number => (inText.get(id) ?? 0) + ((unknown.has(id) ? inText : inVectors).get(id) ?? 0)
  return [...found.values()]
    .map((each) => ({ ...each, score: scoreOf(each.id) }))
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
  const places = placesOf(list.map(({ rank }) => rank))
  return new Map(list.map(({ id }, at) => [id, 1 / (fusionK + places[at]!)]))
}
