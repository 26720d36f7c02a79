import { Rejected, RetryLater } from "@engram/contracts/errors"
import type { EmbeddingVersion, KnowledgeFamily } from "@engram/contracts/knowledge"
import type { Embedder, EmbedderOf, VectorFilter, VectorIndex } from "@engram/contracts/ports"
import type { HitRow, Reader, SearchHit, SearchIndex, SearchRequest } from "@engram/contracts/search"
import { dot } from "@engram/core/dot"
import { fuse } from "@engram/core/rank"
import { biased, biasedMax, readBiases } from "./bias.ts"
import { namespaceOf, vectorRef } from "./embed.ts"

/** Candidates taken from each list before fusing. */
const candidatesMax = 100
/** As many as the index is asked for when most of what it gives is not for this reader; Pinecone gives no more. */
const topKs = [candidatesMax, 1_000, 10_000] as const
/** What an eventually consistent index may not show yet is searched exactly from Postgres: this long, and so many vectors. */
const recentMs = 60_000
const recentMax = 2_000

const families = ["chunks", "observations", "summaries"] as const

export interface SearchDeps {
  readonly search: SearchIndex
  readonly embedderOf: EmbedderOf
  readonly index: VectorIndex
}

/** Rows, best first, that the reader may see. */
interface List {
  readonly by: "text" | "vector"
  readonly rows: readonly HitRow[]
}

/**
 * Full text and vectors over documents, observations and summaries, fused by reciprocal rank, with a bias to what the profiles
 * near the question are of; at most one hit a document. What is found is checked against Postgres: gone, superseded or unreadable
 * rows are dropped. An outage is an error, never an empty answer.
 */
export const search =
  (deps: SearchDeps) =>
  async (reader: Reader, request: SearchRequest): Promise<SearchHit[]> => {
    const question = await readQuestion(deps, reader, request)
    const lists = await Promise.all(
      families.flatMap((family) => [
        textList(deps, reader, request, family),
        ...(question ? [vectorList(deps, reader, request, family, question)] : []),
      ]),
    )
    const hits = fused(lists)
    const biases = question ? await readBiases(deps, reader, question, hits.slice(0, biasedMax)) : new Map()
    return biased(hits, biases).slice(0, request.limit)
  }

interface Question {
  readonly values: Float32Array
  readonly version: EmbeddingVersion
}

/** In the words of the version that readers use now; undefined while the store has no vectors at all. */
async function readQuestion(
  { search, embedderOf }: SearchDeps,
  reader: Reader,
  request: SearchRequest,
): Promise<Question | undefined> {
  const version = await search.activeVersion(reader)
  if (version === undefined) return undefined
  const embedder = await openFor(embedderOf, version)
  const [values] = await embedder.embed([request.query], "search_query")
  return { values: values!, version }
}

/** Whoever asks can do nothing about settings that this process lacks; an operator can, and then the same question is answered. */
async function openFor(embedderOf: EmbedderOf, version: EmbeddingVersion): Promise<Embedder> {
  try {
    return await embedderOf(version.model)
  } catch (error) {
    if (!(error instanceof Rejected)) throw error
    throw new RetryLater(`the store's vectors cannot be asked: ${error.message}`, { afterMs: 60_000, cause: error })
  }
}

async function textList(
  { search }: SearchDeps,
  reader: Reader,
  request: SearchRequest,
  family: KnowledgeFamily,
): Promise<List> {
  const ids = await search.matching(reader, family, request, candidatesMax)
  const rows = await search.rows(reader, request, { family, byText: ids, byVector: [] })
  return { by: "text", rows: inOrder(ids, rows) }
}

/** The index knows neither privacy nor versions, so where many of its hits are dropped it is asked for more. */
async function vectorList(
  deps: SearchDeps,
  reader: Reader,
  request: SearchRequest,
  family: KnowledgeFamily,
  { values, version }: Question,
): Promise<List> {
  const target = { index: version.indexName, namespace: namespaceOf(family, version) }
  const recent = await deps.search.recentVectors(reader, request, version, family, recentMs, recentMax)
  let list: List = { by: "vector", rows: [] }
  for (const topK of topKs) {
    const indexed = await deps.index.query(target, values, { topK, filter: filterOf(request) })
    const ids = nearest([
      ...indexed.map(({ id, score }) => ({ id: vectorRef(family, id).refId, score })),
      ...recent.map(({ id, values: each }) => ({ id, score: dot(values, each) })),
    ]).slice(0, topK)
    const rows = await deps.search.rows(reader, request, { family, byText: [], byVector: ids })
    list = { by: "vector", rows: inOrder(ids, rows).slice(0, candidatesMax) }
    const documents = new Set(rows.map(keyOf)).size
    if (documents >= request.limit || indexed.length < topK) break
  }
  return list
}

/** Ids by their best view, nearest first. */
function nearest(found: readonly { readonly id: string; readonly score: number }[]): string[] {
  const best = new Map<string, number>()
  for (const { id, score } of found) {
    if (score > (best.get(id) ?? Number.NEGATIVE_INFINITY)) best.set(id, score)
  }
  return [...best].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([id]) => id)
}

function filterOf(request: SearchRequest): VectorFilter {
  return {
    ...(request.sources && { source: request.sources }),
    ...(request.kinds && { type: request.kinds }),
    ...(request.since && { since: Date.parse(request.since) }),
    ...(request.until && { until: Date.parse(request.until) }),
  }
}

function inOrder(ids: readonly string[], rows: readonly HitRow[]): HitRow[] {
  const byId = new Map(rows.map((row) => [row.id, row]))
  return ids.flatMap((id) => byId.get(id) ?? [])
}

/** What counts as one hit: a document, a summary, or an observation that is about no document. */
const keyOf = (row: HitRow): string => row.documentId ?? row.id

/** Documents by the sum over the lists, each shown by the passage that stands best itself. */
function fused(lists: readonly List[]): SearchHit[] {
  const passages = fuse(lists.map(({ rows }) => rows.map(({ id }) => id)))
  const rows = new Map(lists.flatMap((list) => list.rows.map((row) => [row.id, row])))
  const shown = new Map<string, HitRow>()
  for (const { id } of passages) {
    const row = rows.get(id)!
    if (!shown.has(keyOf(row))) shown.set(keyOf(row), row)
  }
  return fuse(evenly(lists)).map(({ id, score }) => {
    const foundBy = (["text", "vector"] as const).filter((by) =>
      lists.some((list) => list.by === by && list.rows.some((row) => keyOf(row) === id)),
    )
    return { ...shown.get(id)!, score, foundBy, bias: [] }
  })
}

/** A document may stand in four lists, by its passages and by what was observed of it; a summary in two, which count twice. */
const evenly = (lists: readonly List[]): string[][] =>
  lists.flatMap(({ rows }) => {
    const keys = rows.map(keyOf)
    return rows[0]?.type === "summary" ? [keys, keys] : [keys]
  })
