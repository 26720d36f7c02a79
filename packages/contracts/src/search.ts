import { z } from "zod"
import type { EmbeddingVersion, KnowledgeFamily } from "./knowledge.ts"
import type { Lane } from "./ports.ts"

/** Postgres keeps no NUL in a text, so none is looked for. */
const text = z.string().overwrite((given) => given.replaceAll("\0", " "))

/** What `POST /v1/search` takes. */
export const SearchRequest = z.strictObject({
  query: text.trim().min(1).max(4_000),
  /** 1 to 100. */
  limit: z.int().min(1).max(100).default(10),
  /** Only these sources: `github`. */
  sources: z.array(text.min(1)).min(1).optional(),
  /** Only these kinds of document or observation: `pull_request`, `merged`. */
  kinds: z.array(text.min(1)).min(1).optional(),
  /** Only what occurred at or after, at or before. */
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
})
export type SearchRequest = z.infer<typeof SearchRequest>

export interface SearchHit {
  /** A passage of a document, or a memory of an event or statement. */
  readonly type: "chunk" | "observation"
  readonly id: string
  readonly documentId: string | null
  readonly title: string
  /** Of the document, or of the observation. */
  readonly kind: string
  readonly source: string
  readonly state: string | null
  readonly section: string | null
  readonly passage: string
  readonly url: string | null
  /** RFC 3339 */
  readonly occurredAt: string
  /** Reciprocal-rank sum of its document; comparable within one answer only. */
  readonly score: number
  /** Which lists its document was found in. */
  readonly foundBy: readonly ("text" | "vector")[]
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

export type HitRow = Omit<SearchHit, "score" | "foundBy">

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
}
