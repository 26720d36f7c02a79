import type { EmbeddingVersionId } from "./ids.ts"
import type { EmbeddingVersion, VectorFamily, VectorView } from "./knowledge.ts"
import type { EmbeddingModel, Lane, VectorMetadata } from "./ports.ts"

/** A vector that is owed: to be written or, where `wantedHash` is null, removed. */
export interface OwedVector {
  readonly family: VectorFamily
  readonly refId: string
  readonly view: VectorView
  readonly textHash: string
  readonly wantedHash: string | null
  readonly metadata: VectorMetadata
  /** Where its text was embedded before, or the values came with it. */
  readonly values: Float32Array | null
  /** What to embed, where there are no values and it is not a caller who brings them. */
  readonly text: string | null
}

/** The vectors that one store is owed. */
export interface VectorLedger {
  /** Takes or renews the lane's lease; false while another holder has it. */
  lease(lane: Lane, holder: string, leaseMs: number): Promise<boolean>
  release(lane: Lane, holder: string): Promise<void>
  /** What the lane writes to, in this order: the active version, the callers', a canary; and archived ones, to remove from. */
  versions(lane: Lane): Promise<EmbeddingVersion[]>
  /** Makes this version the store's active one if the store has none yet; safe to call from many processes. */
  ensureVersion(lane: Pick<Lane, "workspaceId" | "storeId">, version: Omit<EmbeddingVersion, "status">): Promise<void>
  /** The head of the lane: up to `max` vectors, in no order; of an archived version only those to be removed. */
  owed(lane: Lane, version: EmbeddingVersion, max: number): Promise<OwedVector[]>
  /**
   * Wants no longer those of these that nothing can be made of, now as when they were read: neither values nor a text. What the index
   * may hold of them is owed its removal. Returns how many.
   */
  unwantLost(lane: Lane, version: EmbeddingVersion, lost: readonly OwedVector[]): Promise<number>
  /** Keeps what texts were embedded as, but for memories that have gone meanwhile. */
  saveValues(
    lane: Lane,
    model: EmbeddingModel,
    rows: readonly { textHash: string; values: Float32Array }[],
  ): Promise<void>
  /** Sets aside all owed vectors of a text that the embedder refuses. */
  park(lane: Lane, versionId: EmbeddingVersionId, textHash: string, reason: string): Promise<void>
  /** Marks what was written, each only if it is still what is wanted, then shows the documents that are now complete. Returns when the oldest delivery behind each was accepted (ms). */
  markWritten(
    lane: Lane,
    versionId: EmbeddingVersionId,
    written: readonly OwedVector[],
  ): Promise<{ readonly acceptedAt: number }[]>
}

/** Deliveries that are closed and whose bytes are still in Postgres. */
export interface ArchiveLedger {
  unarchived(
    lane: Lane,
    limits: { readonly rowsMax: number; readonly bytesMax: number },
  ): Promise<{ readonly id: string; readonly bodyHash: string; readonly body: Uint8Array }[]>
  /** Whether the store has deliveries that could be read now. */
  isBusy(lane: Lane): Promise<boolean>
  /** Forgets the bytes of up to `max` processed and skipped deliveries; returns how many. */
  dropBodies(lane: Lane, max: number): Promise<number>
  /** Deliveries whose bytes are to be forgotten and are in object storage. */
  forgotten(lane: Lane, max: number): Promise<{ readonly id: string; readonly artifactKey: string }[]>
  /** Their bytes are gone from there. */
  removed(lane: Lane, rows: readonly { readonly id: string; readonly artifactKey: string }[]): Promise<void>
  /** Takes the bytes out of the row. */
  archived(lane: Lane, rows: readonly { readonly id: string; readonly artifactKey: string }[]): Promise<void>
}

/** What a crash, or a lost queue, left behind. */
export interface SweepLedger {
  /** Runs `work` in at most one process at a time; undefined when another is at it. */
  alone<T>(work: () => Promise<T>): Promise<T | undefined>
  /** Lanes with work that is due now. */
  dueLanes(): Promise<Lane[]>
  /** Owes the removal once more of vectors removed more than `afterMs` ago, so that a late upsert cannot bring one back. Returns how many. */
  removeAgain(afterMs: number): Promise<number>
  /** For gauges and `engram status`. */
  totals(): Promise<SweepTotals>
}

export interface SweepTotals {
  /** Those that are not done. */
  readonly deliveries: { readonly received: number; readonly parked: number }
  /** Age of the oldest delivery still waiting, 0 when none is. */
  readonly oldestWaitingMs: number
  readonly owed: { readonly [family: string]: number }
  readonly parkedVectors: number
  /** Things that their senders are still to be asked for. */
  readonly owedFetches: number
}
