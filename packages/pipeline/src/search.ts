import type { EmbeddingVersion, KnowledgeFamily } from "@engram/contracts/knowledge"
import type { Embedder, VectorFilter, VectorIndex } from "@engram/contracts/ports"
import type { HitRow, Reader, SearchHit, SearchIndex, SearchRequest } from "@engram/contracts/search"
import { fuse } from "@engram/core/rank"
import { namespaceOf } from "./embed.ts"

/** Candidates taken from each list before fusing. */
const candidatesMax = 100
/** What an eventually consistent index may not show yet is searched exactly from Postgres: this long, and so many vectors. */
const recentMs = 60_000
const recentMax = 2_000

const families = ["chunks", "observations"] as const

export interface SearchDeps {
  readonly search: SearchIndex
  readonly embedder: Embedder
  readonly index: VectorIndex
}

interface Candidates {
  readonly family: KnowledgeFamily
  readonly byText: readonly string[]
  readonly byVector: readonly string[]
}

/**
 * Full text and vectors over documents and observations, fused by reciprocal rank; at most one hit a document. What is
 * found is checked against Postgres: gone, superseded or unreadable rows are dropped. An outage is an error, never an empty answer.
 */
export const search =
  (deps: SearchDeps) =>
  async (reader: Reader, request: SearchRequest): Promise<SearchHit[]> => {
    const [byText, byVector] = await Promise.all([textLists(deps, reader, request), vectorLists(deps, reader, request)])
    const candidates = families.map((family, i): Candidates => ({ family, byText: byText[i]!, byVector: byVector[i]! }))
    const rows = new Map<string, HitRow>()
    for (const found of await Promise.all(candidates.map((each) => deps.search.rows(reader, request, each)))) {
      for (const row of found) rows.set(row.id, row)
    }
    const ranked = fuse(
      candidates.flatMap((each) => [each.byText, each.byVector].map((ids) => ids.filter((id) => rows.has(id)))),
    )
    const hits = ranked.map(({ id, score }) => ({ ...rows.get(id)!, score, foundBy: foundBy(id, candidates) }))
    return onePerDocument(hits).slice(0, request.limit)
  }

const textLists = (deps: SearchDeps, reader: Reader, request: SearchRequest): Promise<string[][]> =>
  Promise.all(families.map((family) => deps.search.matching(reader, family, request, candidatesMax)))

async function vectorLists(deps: SearchDeps, reader: Reader, request: SearchRequest): Promise<string[][]> {
  const version = await deps.search.activeVersion(reader)
  if (version === undefined) return families.map(() => [])
  const [question] = await deps.embedder.embed([request.query], "search_query")
  return Promise.all(families.map((family) => nearest(deps, reader, version, family, question!, filterOf(request))))
}

/** Ids by their best view, nearest first, from the index and from what it may not show yet. */
async function nearest(
  deps: SearchDeps,
  reader: Reader,
  version: EmbeddingVersion,
  family: KnowledgeFamily,
  question: Float32Array,
  filter: VectorFilter,
): Promise<string[]> {
  const target = { index: version.indexName, namespace: namespaceOf(family, version) }
  const [indexed, recent] = await Promise.all([
    deps.index.query(target, question, { topK: candidatesMax, filter }),
    deps.search.recentVectors(reader, version, family, recentMs, recentMax),
  ])
  const best = new Map<string, number>()
  const keep = (id: string, score: number): void => {
    if (score > (best.get(id) ?? Number.NEGATIVE_INFINITY)) best.set(id, score)
  }
  for (const { id, score } of indexed) keep(refOf(id), score)
  for (const { id, values } of recent) keep(id, dot(question, values))
  return [...best]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, candidatesMax)
    .map(([id]) => id)
}

/** A vector id without its view. */
const refOf = (vectorId: string): string => vectorId.split("#", 1)[0]!

/** Cosine similarity, since both are of unit length. */
function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

function filterOf(request: SearchRequest): VectorFilter {
  return {
    ...(request.sources && { source: request.sources }),
    ...(request.kinds && { type: request.kinds }),
    ...(request.since && { since: Date.parse(request.since) }),
    ...(request.until && { until: Date.parse(request.until) }),
  }
}

function foundBy(id: string, candidates: readonly Candidates[]): SearchHit["foundBy"] {
  const text = candidates.some((each) => each.byText.includes(id))
  const vector = candidates.some((each) => each.byVector.includes(id))
  return [...(text ? (["text"] as const) : []), ...(vector ? (["vector"] as const) : [])]
}

function onePerDocument(hits: readonly SearchHit[]): SearchHit[] {
  const seen = new Set<string>()
  return hits.filter(({ documentId }) => {
    if (documentId === null) return true
    if (seen.has(documentId)) return false
    seen.add(documentId)
    return true
  })
}
