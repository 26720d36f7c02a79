import type { Consolidate, SummaryWriter } from "@engram/contracts/consolidation"
import type { Embedder, LaneQueue, Log } from "@engram/contracts/ports"
import { createConsolidate } from "@engram/pipeline/consolidate"
import { createConsolidationLedger } from "@engram/store/consolidation/ledger"
import type { Database } from "@engram/store/database"

/** Consolidation on the ports that were chosen. `leaseMs`: how long a workspace waits for a process that was killed in its run. */
export const openConsolidate = ({
  database,
  ...deps
}: {
  readonly database: Database
  readonly writer: SummaryWriter
  readonly embedder: Embedder
  readonly queue: Pick<LaneQueue, "wake">
  readonly log: Log
  readonly leaseMs: number
}): Consolidate => createConsolidate({ ...deps, ledger: createConsolidationLedger(database) })
