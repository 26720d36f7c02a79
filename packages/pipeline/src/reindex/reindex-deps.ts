import type { EmbedderOf, Lane, LaneQueue, Log, TurnEnd, VectorIndex } from "@engram/contracts/ports"
import type { VersionLedger } from "@engram/contracts/versions"

export interface ReindexDeps {
  readonly ledger: VersionLedger
  readonly index: VectorIndex
  readonly embedderOf: EmbedderOf
  /** One turn on the store's embed lane, by the lane's own lease: whoever has it, a worker or this, does the same. */
  readonly turn: (lane: Lane) => Promise<TurnEnd>
  readonly queue: Pick<LaneQueue, "wake">
  readonly log: Log
}

export interface ReindexOptions {
  /** Checked between steps; what was done stays, and the same call goes on from there. */
  readonly signal: AbortSignal
  readonly onProgress: (progress: ReindexProgress) => void
  /** Least recall@10 of the new index, 0 to 1. */
  readonly recallMin: number
  /** Switch although the new model refuses texts that the old one took. */
  readonly acceptRefused: boolean
  /** What is asked of an index that trails its writes is asked again for this long; 60,000 by default. */
  readonly trailMs?: number
}

export interface ReindexProgress {
  readonly step: "copying" | "filling" | "verifying" | "switching"
  readonly done: number
  /** 0 while it is not known. */
  readonly total: number
  /** Why nothing moves at the moment. */
  readonly note?: string
}
