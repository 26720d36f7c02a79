import type { Consolidate, SummaryWriter } from "@engram/contracts/consolidation"
import type { NightStep } from "@engram/contracts/nights"
import type { ArtifactStore, Cache, Embedder, LaneQueue, Log } from "@engram/contracts/ports"
import { age } from "@engram/pipeline/age"
import { createConsolidate } from "@engram/pipeline/consolidate"
import { retain } from "@engram/pipeline/retain"
import { createAgingLedger } from "@engram/store/consolidation/aging"
import { createConsolidationLedger } from "@engram/store/consolidation/ledger"
import type { Database } from "@engram/store/database"
import { createForgetLedger } from "@engram/store/forget/forget-ledger"
import { createRetentionLedger } from "@engram/store/forget/retention"

/** What a night does, on the ports that were chosen: the run, and the steps after it in their order. */
export function openNight({
  database,
  summaryWriter,
  embedder,
  artifacts,
  cache,
  queue,
  log,
  leaseMs,
}: {
  readonly database: Database
  readonly summaryWriter: SummaryWriter
  readonly embedder: Embedder
  readonly artifacts: ArtifactStore
  readonly cache: Cache
  readonly queue: Pick<LaneQueue, "wake">
  readonly log: Log
  /** How long a workspace waits for a process that was killed in its run. */
  readonly leaseMs: number
}): { readonly consolidate: Consolidate; readonly steps: readonly NightStep[] } {
  const ledger = createConsolidationLedger(database)
  return {
    consolidate: createConsolidate({ ledger, writer: summaryWriter, embedder, queue, log, leaseMs }),
    // Aging first: it goes by the summaries that the run wrote, some of which retention takes along until the next run.
    steps: [
      { name: "age", run: age({ ledger: createAgingLedger(database), queue, log }) },
      {
        name: "retain",
        run: retain({
          ledger: createForgetLedger(database),
          retention: createRetentionLedger(database),
          artifacts,
          cache,
          queue,
        }),
      },
    ],
  }
}
