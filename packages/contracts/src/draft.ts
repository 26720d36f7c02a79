import type { AliasRef, EntityDraft, Link } from "./graph.ts"
import type { Json, JsonObject } from "./json.ts"

/**
 * What a source reads out of one payload. Drafts are claims, not state: each lists only what its payload carries
 * (absent is not empty), and `core/state` merges them, in any order and any number of times, into what is true now.
 */

/** One separately edited piece of a document: its body, a comment, a review, a message. */
export interface PartDraft {
  /** The source's own id of the piece, unique within the document: `body`, `comment:42`. Exactly one part is `body`. */
  readonly partId: string
  readonly kind: string
  /** Source time of this claim in ms, and the source's rank of the action among claims of equal time. */
  readonly at: number
  readonly rank: number
  /** `true` when the payload proves that the piece exists, `false` when it removes it; left out when it says neither. */
  readonly alive?: boolean
  /** Values the payload carries. Well-known: `text` (markdown), `title`, `url`, `createdAt` (ms), `state`. */
  readonly fields: { readonly [name: string]: Json }
  /** Complete lists of edges the payload states (all assignees, all labels), by field: what a list no longer holds has ended. */
  readonly links: { readonly [name: string]: readonly Link[] }
}

export interface DocumentDraft {
  /** The source's id of the thing, stable over renames: `repository:1296269#2`. Unique per (workspace, store, source). */
  readonly sourceId: string
  /** How the graph names it. Constant for one `sourceId`. */
  readonly alias: AliasRef
  readonly parts: readonly PartDraft[]
}

/** What privacy belongs to: a repository, a channel, a page tree. */
export interface ScopeDraft {
  /** Unique per (workspace, source): `repository:1296269`. */
  readonly key: string
  readonly kind: string
  readonly name: string
  readonly privacy: Privacy
  readonly at: number
}

/** `org` is visible to the whole workspace; `private` only to keys that were granted its scope. */
export const privacies = ["org", "private"] as const
export type Privacy = (typeof privacies)[number]

/** What is worth remembering of one event: merged, failed. Derived from that one delivery and from nothing else. */
export interface MomentDraft {
  /** The document it is about, if it is about one. */
  readonly documentSourceId?: string
  /** The thing it happened to. With `kind` and `at` this is the moment's identity. */
  readonly thing: AliasRef
  readonly kind: string
  /** The source's time of the event itself, in ms. */
  readonly at: number
  /** ≤ 120 characters. */
  readonly title?: string
  /** ≤ 320 characters, 1 to 3 sentences. */
  readonly summary?: string
  readonly text: string
  /** 0 to 1. */
  readonly importance: number
  readonly tags: readonly string[]
  readonly subjects: readonly AliasRef[]
  readonly url?: string
  /** The scope's key. */
  readonly scope: string
  /** Edges that this event proves; `from` defaults to `thing`. */
  readonly links: readonly Link[]
}

/** A thing that the payload names and does not bring: its sender is to be asked for it, once for all that happened to it meanwhile. */
export interface FetchDraft {
  /** In the source's words; with `id` the thing's identity: `page`. */
  readonly kind: string
  readonly id: string
  /** The source's time in ms of what happened to it. What was asked for since then need not be asked for again. */
  readonly at: number
  /** What it is a piece of, where it does not say so itself. */
  readonly within?: string
}

export interface Drafts {
  readonly documents: readonly DocumentDraft[]
  readonly moments: readonly MomentDraft[]
  readonly entities: readonly EntityDraft[]
  readonly scopes: readonly ScopeDraft[]
  readonly fetches?: readonly FetchDraft[]
}

/** `skipped` ends the delivery with a reason a person understands; it is never an error. */
export type Normalized =
  | { readonly outcome: "drafts"; readonly drafts: Drafts }
  | { readonly outcome: "skipped"; readonly reason: string }

/** A live part after merging, as a source's `render` sees it. */
export interface MergedPart {
  readonly partId: string
  readonly kind: string
  readonly fields: JsonObject
  /** The newest claim's source time in ms. */
  readonly at: number
}

/** A stretch of markdown that belongs to one part; the chunker cuts it by structure. */
export interface Section {
  readonly partId: string
  /** What a reader is told the passage is: `body`, `comment by octocat`. Headings inside the markdown refine it. */
  readonly label: string
  readonly markdown: string
  /** ms */
  readonly occurredAt: number
}

/** Worth remembering in a text as it stands now: a decision line, a summary paragraph. Superseded by an edit, withdrawn by a removal. */
export interface StatementDraft {
  readonly partId: string
  /** `decision`, `summary`, `acceptance`, … */
  readonly kind: string
  readonly at: number
  readonly title?: string
  readonly summary?: string
  readonly text: string
  readonly importance: number
  readonly tags: readonly string[]
  readonly subjects: readonly AliasRef[]
}

/** A document as readers see it: a pure function of its live parts, given in (createdAt, partId) order. */
export interface Rendered {
  readonly kind: string
  readonly title: string
  readonly state: string | null
  readonly url: string | null
  /** The key of the scope it belongs to. */
  readonly scope: string
  readonly author: AliasRef | null
  /** When the thing came to be, in ms; what `occurredAt` filters and sorts by. */
  readonly occurredAt: number
  readonly importance: number
  readonly labels: readonly string[]
  readonly metadata: JsonObject
  readonly sections: readonly Section[]
  readonly statements: readonly StatementDraft[]
  /** Edges read out of the current text (references, closing words). Edges of the parts' own `links` are not repeated here. */
  readonly links: readonly (Link & { readonly since: number })[]
}
