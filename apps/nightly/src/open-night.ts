import type { Consolidate, SummaryWriter } from "@engram/contracts/consolidation"
import type { StoreId } from "@engram/contracts/ids"
import type { NightStep } from "@engram/contracts/nights"
import type { ArtifactStore, Cache, EmbedderOf, LaneQueue, Log, VectorIndex } from "@engram/contracts/ports"
import { age } from "@engram/pipeline/age"
import { createConsolidate } from "@engram/pipeline/consolidate"
import { evaluateAfterConsolidation } from "@engram/pipeline/evaluation/ask-for-evaluation"
import { dropArchived } from "@engram/pipeline/reindex/drop-archived"
import { refreshStale } from "@engram/pipeline/reindex/refresh-stale"
import { retain } from "@engram/pipeline/retain"
import { createAgingLedger } from "@engram/store/consolidation/aging"
import { createConsolidationLedger } from "@engram/store/consolidation/ledger"
import type { Database } from "@engram/store/database"
import { createForgetLedger } from "@engram/store/forget/forget-ledger"
import { createRetentionLedger } from "@engram/store/forget/retention"
import { createStoreReport } from "@engram/store/store-report"
import { createVersionLedger } from "@engram/store/versions/version-ledger"

export interface NightPorts {
  readonly database: Database
  readonly summaryWriter: SummaryWriter
  readonly embedderOf: EmbedderOf
  readonly index: VectorIndex
  readonly artifacts: ArtifactStore
  readonly cache: Cache
  readonly queue: Pick<LaneQueue, "wake">
  readonly log: Log
  /** How long a workspace waits for a process that was killed in its run. */
  readonly leaseMs: number
  /** For the run, and for each step after it. */
  readonly stepTimeoutMs: number
}

/** What a night does, on the ports that were chosen: the run, and the steps after it in their order. */
export function openNight(ports: NightPorts): {
  readonly consolidate: Consolidate
  readonly steps: readonly NightStep[]
  readonly stepTimeoutMs: number
} {
  const ledger = createConsolidationLedger(ports.database)
  const { stepTimeoutMs } = ports
  return {
    consolidate: createConsolidate({ ...ports, ledger, writer: ports.summaryWriter, timeoutMs: stepTimeoutMs }),
    steps: stepsOf(ports),
    stepTimeoutMs,
  }
}

/**
 * Aging first: it goes by the summaries that the run wrote, some of which retention takes along until the next run. Evaluating comes
 * last, of what is left.
 */
function stepsOf({ database, index, artifacts, cache, queue, log }: NightPorts): NightStep[] {
  const versions = createVersionLedger(database)
  const drop = dropArchived({ ledger: versions, index })
  const forgetting = { ledger: createForgetLedger(database), retention: createRetentionLedger(database) }
  const stores = createStoreReport({ database })
  const evaluate = evaluateAfterConsolidation({
    queue,
    log,
    storesOf: async (workspaceId) =>
      (await stores.stores())
        .filter((each) => each.workspaceId === workspaceId)
        .map(({ storeId }) => storeId as StoreId),
  })
  return [
    { name: "age", run: age({ ledger: createAgingLedger(database), queue, log }) },
    { name: "retain", run: retain({ ...forgetting, artifacts, cache, queue, log }) },
    { name: "refresh", run: refreshStale({ ledger: versions, queue, log }) },
    { name: "drop-archived", run: (workspaceId, now) => drop({ workspaceId, now: new Date(now) }) },
    {
      name: evaluate.name,
      run: async (workspaceId, now) => {
        await evaluate.run(workspaceId, now)
        return {}
      },
    },
  ]
}
