import type { JsonObject } from "./json.ts"
import type { Reader } from "./search.ts"

/** A document as it is now, without its text. */
export interface DocumentHead {
  readonly id: string
  /** One more with each change that a reader can see. */
  readonly version: number
  readonly source: string
  readonly sourceId: string
  readonly kind: string
  readonly title: string
  readonly state: string | null
  readonly url: string | null
  /** RFC 3339 */
  readonly occurredAt: string
  readonly importance: number
  readonly labels: readonly string[]
  readonly metadata: JsonObject
}

export interface DocumentPassage {
  readonly id: string
  readonly section: string
  readonly text: string
  /** RFC 3339 */
  readonly occurredAt: string
}

export interface DocumentObservation {
  readonly id: string
  readonly class: "moment" | "statement"
  readonly kind: string
  readonly title: string | null
  readonly summary: string | null
  readonly text: string
  readonly url: string | null
  readonly importance: number
  readonly tags: readonly string[]
  /** RFC 3339 */
  readonly occurredAt: string
}

/**
 * What a document's text is known by. The version alone does not tell: a document that was taken out and read again, as for other
 * redaction, counts from 1 again.
 */
export interface DocumentEdition {
  readonly version: number
  readonly contentHash: string
}

/** What `GET /v1/documents/{id}` answers. */
export interface DocumentView extends DocumentHead {
  /** In reading order. */
  readonly chunks: readonly DocumentPassage[]
  /** Oldest first. */
  readonly observations: readonly DocumentObservation[]
}

/** Documents in Postgres. Everything returned is live, and readable by the reader at this moment. */
export interface DocumentIndex {
  /** What is asked of Postgres for every read, whatever caches hold; undefined when the reader may not see the document. */
  glance(
    reader: Reader,
    id: string,
  ): Promise<(DocumentEdition & { readonly observations: DocumentObservation[] }) | undefined>
  /** Head and passages of one edition. */
  content(
    reader: Reader,
    id: string,
  ): Promise<{ edition: DocumentEdition; head: DocumentHead; chunks: DocumentPassage[] } | undefined>
}
