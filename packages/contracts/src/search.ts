import { z } from "zod"
import type { EmbeddingVersion, KnowledgeFamily } from "./knowledge.ts"
import type { Lane } from "./ports.ts"

/** Postgres keeps no NUL in a text, so none is looked for. */
const text = z.string().overwrite((given) => given.replaceAll("\0", " "))

/** Sources, or kinds, of one question. */
const namedMax = 100
const names = () =>
  z
    .array(text.min(1))
    .min(1)
    .max(namedMax, { error: `must name at most ${namedMax}` })

/** What `POST /v1/search` takes. */
export const SearchRequest = z.strictObject({
  query: text.trim().min(1).max(4_000),
  /** 1 to 100. */
  limit: z.int().min(1).max(100).default(10),
  /** Only these sources: `github`. Summaries, which may rest on several, are left out. */
  sources: names().optional(),
  /** Only these kinds of document or observation: `pull_request`, `merged`; `summary` for what a night has summed up. */
  kinds: names().optional(),
  /** Only what occurred at or after, at or before. */
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
})
export type SearchRequest = z.infer<typeof SearchRequest>

export interface SearchHit {
  /** A passage of a document, a memory of an event or statement, or what many of those come to. */
  readonly type: "chunk" | "observation" | "summary"
  readonly id: string
  readonly documentId: string | null
  readonly title: string
  /** Of the document, or of the observation; `summary`. */
  readonly kind: string
  /** `engram` of what it summed up itself. */
  readonly source: string
  readonly state: string | null
  readonly section: string | null
  readonly passage: string
  readonly url: string | null
  /** RFC 3339 */
  readonly occurredAt: string
  /** What a summary cites, in the order of its sentences; null for what speaks for itself. */
  readonly evidence: readonly CitedObservation[] | null
  /** Reciprocal-rank sum of its document, and its bias; comparable within one answer only. */
  readonly score: number
  /** Which lists its document was found in. */
  readonly foundBy: readonly ("text" | "vector")[]
  /** Profiles near the question whose entity it is about, and what they added to its score. Nothing is found by a profile alone. */
  readonly bias: readonly Bias[]
}

export interface CitedObservation {
  readonly id: string
  readonly text: string
  readonly url: string | null
  /** RFC 3339 */
  readonly occurredAt: string
}

export interface Bias {
  readonly entityId: string
  /** What people call it. */
  readonly entity: string
  /** Cosine of the question and the entity's profile. */
  readonly similarity: number
  readonly added: number
}

/** Who is asking: which store, and which private scopes (`all` for the operator's own command line). */
export interface Reader {
  readonly workspaceId: string
  readonly storeId: string
  readonly scopeIds: readonly string[] | "all"
}

export interface RecentVector {
  readonly id: string
  readonly values: Float32Array
}

export type HitRow = Omit<SearchHit, "score" | "foundBy" | "bias">

/** A profile that the reader may see, by the entity it is of. */
export interface ProfileHit {
  readonly id: string
  readonly entityId: string
  readonly entity: string
}

/** The reading side of Postgres. Everything returned is live, and readable by the reader at this moment. */
export interface SearchIndex {
  /** Ids whose text matches any word of the query, best first, one a document. */
  matching(reader: Reader, family: KnowledgeFamily, request: SearchRequest, max: number): Promise<string[]>
  activeVersion(lane: Pick<Lane, "workspaceId" | "storeId">): Promise<EmbeddingVersion | undefined>
  /** Vectors written since `sinceMs` ago that pass the request's filters, newest first: an eventually consistent index may not show them yet. */
  recentVectors(
    reader: Reader,
    request: SearchRequest,
    version: EmbeddingVersion,
    family: KnowledgeFamily,
    sinceMs: number,
    max: number,
  ): Promise<RecentVector[]>
  /** The rows behind ids, in no order; ids without a row that the reader may see are left out. */
  rows(
    reader: Reader,
    request: SearchRequest,
    ids: { readonly family: KnowledgeFamily; readonly byText: readonly string[]; readonly byVector: readonly string[] },
  ): Promise<HitRow[]>
  /** The profiles behind ids; those that the reader may not see are left out. */
  profiles(reader: Reader, ids: readonly string[]): Promise<ProfileHit[]>
  /** Which of these documents, observations and summaries are about which of these entities. */
  about(
    reader: Reader,
    entityIds: readonly string[],
    ids: readonly string[],
  ): Promise<{ readonly id: string; readonly entityId: string }[]>
}
