import type { Consolidate, SummaryWriter } from "@engram/contracts/consolidation"
import type { NightStep } from "@engram/contracts/nights"
import type { Embedder, LaneQueue, Log } from "@engram/contracts/ports"
import { createConsolidate } from "@engram/pipeline/consolidate"
import { createConsolidationLedger } from "@engram/store/consolidation/ledger"
import type { Database } from "@engram/store/database"

/** What a night does, on the ports that were chosen: the run, and the steps after it in their order. */
export function openNight({
  database,
  summaryWriter,
  embedder,
  queue,
  log,
  leaseMs,
}: {
  readonly database: Database
  readonly summaryWriter: SummaryWriter
  readonly embedder: Embedder
  readonly queue: Pick<LaneQueue, "wake">
  readonly log: Log
  /** How long a workspace waits for a process that was killed in its run. */
  readonly leaseMs: number
}): { readonly consolidate: Consolidate; readonly steps: readonly NightStep[] } {
  const ledger = createConsolidationLedger(database)
  return {
    consolidate: createConsolidate({ ledger, writer: summaryWriter, embedder, queue, log, leaseMs }),
    steps: [],
  }
}
