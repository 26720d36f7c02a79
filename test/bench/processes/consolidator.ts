import { setPriority } from "node:os"
import { extractiveWriter } from "@engram/core/consolidate/extract"
import { createLocalEmbedder } from "@engram/local-embedder/local-embedder"
import { createConsolidate } from "@engram/pipeline/consolidate"
import { createConsolidationLedger } from "@engram/store/consolidation/ledger"
import { createDatabase, createPool } from "@engram/store/database"
import { onlyEmbedders } from "@engram/testkit/only-embedders"
import { silentLog } from "@engram/testkit/silent-log"
import { answer } from "../child.ts"

/** Runs consolidation in a process of its own, as the nightly app does, so that its memory is its own. */
export interface NightOrder {
  readonly databaseUrl: string
  readonly workspaceId: string
  /** ms */
  readonly now: number
}

setPriority(10)
answer(async ({ databaseUrl, workspaceId, now }: NightOrder) => {
  const pool = createPool(databaseUrl, { connectionsMax: 4, applicationName: "bench-night" })
  const consolidate = createConsolidate({
    ledger: createConsolidationLedger(createDatabase(pool)),
    writer: extractiveWriter,
    embedderOf: onlyEmbedders(createLocalEmbedder({ dimension: 512 })),
    queue: { wake: async () => {} },
    log: silentLog,
    leaseMs: 60_000,
    timeoutMs: 7_200_000,
  })
  try {
    const started = performance.now()
    const run = await consolidate.run(workspaceId, { kind: "manual", night: null, now })
    if (run?.state !== "done") throw new Error(`the run is ${run?.state}: ${run?.reason}`)
    return {
      seconds: (performance.now() - started) / 1_000,
      report: run.report,
      peakMb: process.resourceUsage().maxRSS / 1_024,
    }
  } finally {
    await pool.end()
  }
})
