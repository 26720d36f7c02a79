import type { ObservationId, StoreId } from "./ids.ts"
import type { EmbeddingVersion, ObservationRow, WantedVector } from "./knowledge.ts"

/** What a night's aging looks at of an observation. No texts: a page of thousands is small. */
export interface AgingRow {
  readonly id: ObservationId
  /** ms */
  readonly occurredAt: number
  readonly importance: number
  readonly contentHash: string
  /** An entity's summary of a week or a month rests on it. */
  readonly isSummarized: boolean
  /** A vector of it is wanted in some version. */
  readonly isWanted: boolean
}

/** Where a page ends; undefined before the first. */
export interface AgingCursor {
  readonly at: string
  readonly id: string
}

export interface AgingLedger {
  stores(workspaceId: string): Promise<StoreId[]>
  /** Live observations older than `before` (ms), the oldest first, in pages of at most `max`. `next` is undefined after the last. */
  page(
    workspaceId: string,
    place: { readonly storeId: StoreId; readonly before: number; readonly after?: AgingCursor; readonly max: number },
  ): Promise<{ readonly rows: readonly AgingRow[]; readonly next: AgingCursor | undefined }>
  /**
   * Owes the removal of the vectors of those that still read as they were seen; their values stay. Returns how many observations.
   * Whoever writes one at this moment comes before, and is left alone, or after, and wants its vectors again.
   */
  prune(workspaceId: string, storeId: StoreId, seen: readonly Pick<AgingRow, "id" | "contentHash">[]): Promise<number>
  /** Wants the vectors of those that are still live, in every open version. Returns how many observations. */
  restore(
    workspaceId: string,
    storeId: StoreId,
    ids: readonly ObservationId[],
    vectorsOf: (row: ObservationRow, versions: readonly EmbeddingVersion[]) => readonly WantedVector[],
  ): Promise<number>
}
