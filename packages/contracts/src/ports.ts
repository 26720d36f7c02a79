/**
 * Everything the system asks of the outside world. Each port has at least two real implementations that keep
 * one shared suite of promises (packages/testkit). Failures are `RetryLater`, `Rejected`, or a bug.
 */

/** Who made a vector. Vectors of different models are never compared. */
export interface EmbeddingModel {
  readonly provider: string
  readonly model: string
  readonly dimension: number
}

export interface Embedder {
  readonly model: EmbeddingModel
  /** Most texts one call takes. */
  readonly textsMax: number
  /** One unit-length vector per text, in order. No texts, no call. `Rejected("text_refused")` when a text can never be embedded. */
  embed(texts: readonly string[], use: "search_document" | "search_query"): Promise<Float32Array[]>
  check(): Promise<void>
}

/**
 * Opens the embedder of a model; the same one each time. `Rejected("embedder_missing")` where this process has not been given what
 * the model needs, `Rejected("dimension_unsupported")` where the model has no such dimension.
 */
export type EmbedderOf = (model: EmbeddingModel) => Promise<Embedder>

/** Metadata stays under 1 KB; null is not a value, leave the key out. `hash` says what the vector was written as. */
export type VectorMetadata = { readonly [key: string]: string | number | boolean | readonly string[] }

export interface VectorRecord {
  readonly id: string
  readonly values: Float32Array
  readonly metadata: VectorMetadata
}

/** Where vectors live: one index per (workspace, store), a namespace per family and embedding version. */
export interface VectorTarget {
  readonly index: string
  readonly namespace: string
}

/** All conditions hold. `since` and `until` bound the numeric `occurredAt` metadata (ms), inclusive. */
export interface VectorFilter {
  /** Of the metadata `namespace`: one query over many of a store's memory namespaces. */
  readonly namespaces?: readonly string[]
  readonly source?: readonly string[]
  readonly type?: readonly string[]
  readonly since?: number
  readonly until?: number
}

export interface VectorHit {
  readonly id: string
  /** Cosine similarity, -1 to 1. */
  readonly score: number
}

export interface VectorIndex {
  /** For so long a query may not show what was written; 0 when it sees every write that resolved before it. */
  readonly trailsMs: number
  /** Idempotent, and safe when several callers create the same index at once. Resolves when it can be written. */
  ensure(index: string, dimension: number): Promise<void>
  /** Writing the same id again replaces it. Any number of records; split to the service's limits inside. */
  upsert(target: VectorTarget, records: readonly VectorRecord[]): Promise<void>
  /** Ids that are not there are no error. */
  remove(target: VectorTarget, ids: readonly string[]): Promise<void>
  /** Nearest first, `topK` of them, up to 10,000. A namespace never written to is empty. May trail writes by `trailsMs`. */
  query(
    target: VectorTarget,
    values: Float32Array,
    options: { topK: number; filter?: VectorFilter },
  ): Promise<VectorHit[]>
  /** Which of these ids are there; may trail writes. */
  present(target: VectorTarget, ids: readonly string[]): Promise<string[]>
  /** Every id that is there, a page at a time, each once; may trail writes. What changes meanwhile may or may not be among them. */
  list(target: VectorTarget): AsyncIterable<readonly string[]>
  /** The metadata `hash` of those that are there, by id; "" of one written without. May trail writes. */
  hashes(target: VectorTarget, ids: readonly string[]): Promise<Map<string, string>>
  /** How many vectors the namespace holds; may trail writes. */
  count(target: VectorTarget): Promise<number>
  /** Removes all vectors of the namespace. One that is not there is no error. */
  clear(target: VectorTarget): Promise<void>
  /** Removes the index with all its namespaces; it is made again when it is next ensured. One that is not there is no error. */
  drop(index: string): Promise<void>
  check(): Promise<void>
}

export interface ArtifactStore {
  /** Durable when it resolves. Writing the same key again replaces it. */
  put(key: string, bytes: Uint8Array): Promise<void>
  /** undefined when there is no such key. */
  get(key: string): Promise<Uint8Array | undefined>
  /** A key that is not there is no error. */
  remove(key: string): Promise<void>
  /** undefined when there is no such key. */
  stat(key: string): Promise<StoredArtifact | undefined>
  /** Everything whose key begins with `prefix`, whole segments ending in `/`: a page at a time, in the order of the keys' bytes. */
  list(prefix: string): AsyncIterable<readonly StoredArtifact[]>
  check(): Promise<void>
}

export interface StoredArtifact {
  readonly key: string
  readonly bytes: number
  readonly modifiedAt: Date
}

/** Best effort: an outage slows reading and changes no result, so nothing here throws once constructed, except `check` and `clear`. */
export interface Cache {
  /** undefined when absent, expired or unreachable. */
  get(key: string): Promise<string | undefined>
  /** Entries that cannot be written are dropped. */
  set(entries: readonly { readonly key: string; readonly value: string; readonly ttlSeconds: number }[]): Promise<void>
  remove(keys: readonly string[]): Promise<void>
  /** Removes every entry whose key begins with one of these; returns how many. Throws when it cannot. */
  clear(prefixes: readonly string[]): Promise<number>
  check(): Promise<void>
}

/**
 * The stages that drain a store's rows: deliveries to read, things to ask their sender for, vectors to write, raw bytes to move
 * out; and what measures how well the store answers since. A lane is what one stage still owes one store.
 */
export const stages = ["normalize", "hydrate", "embed", "archive", "evaluate"] as const
export type Stage = (typeof stages)[number]

export interface Lane {
  readonly stage: Stage
  readonly workspaceId: string
  readonly storeId: string
}

/** What a turn on a lane says when it ends: nothing left, more to do (go to the end of the queue), or more to do later. */
export type TurnEnd = "idle" | "more" | { readonly afterMs: number }

/** Jobs are wake-up calls: they say which lane to look at and carry nothing else, so the queue can be lost at any moment. */
export interface LaneQueue {
  /** A wake during a turn causes one more turn after it; any number of wakes before a turn cause one. Rejects within seconds when the queue is away. */
  wake(lane: Lane): Promise<void>
  /** Takes turns, `concurrency` at a time in this process. A turn that throws is taken again later, a bounded number of times. */
  run(stage: Stage, concurrency: number, turn: (lane: Lane) => Promise<TurnEnd>): Promise<{ close(): Promise<void> }>
  /** Waiting, active, delayed and failed jobs, by stage. */
  counts(): Promise<Record<Stage, { waiting: number; active: number; delayed: number; failed: number }>>
  check(): Promise<void>
  close(): Promise<void>
}

export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
