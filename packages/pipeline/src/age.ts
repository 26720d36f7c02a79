import type { AgingLedger, AgingRow } from "@engram/contracts/aging"
import type { StoreId } from "@engram/contracts/ids"
import type { LaneQueue, Log } from "@engram/contracts/ports"
import { type Age, ageOf, coldBefore } from "@engram/core/consolidate/aging"
import { observationVectors } from "./persist/wanted-vectors.ts"
import { tellQueue } from "./wake.ts"

/** Observations read at once: without texts some 200 bytes each. */
const pageRows = 4_000
/** Observations changed in one transaction: some tens of milliseconds. */
const changedMax = 500

export interface AgeReport {
  /** Observations that are no longer hot. */
  readonly looked: number
  /** Out of the index from tonight on: what a summary stands for, and what weighs too little. */
  readonly compressed: number
  readonly tails: number
  /** Back in it, since the summary that stood for them is gone. */
  readonly restored: number
}

export interface AgeDeps {
  readonly ledger: AgingLedger
  readonly queue: Pick<LaneQueue, "wake">
  readonly log: Log
}

/**
 * Takes out of the vector index what is old, and puts back what is no longer stood for. Rows, full text and the values of
 * embeddings stay, so putting back costs no call. Killed anywhere and run again it goes on; with nothing to do it writes nothing.
 */
export const age =
  ({ ledger, queue, log }: AgeDeps) =>
  async (workspaceId: string, now: number): Promise<AgeReport> => {
    const report = { looked: 0, compressed: 0, tails: 0, restored: 0 }
    for (const storeId of await ledger.stores(workspaceId)) {
      const before = report.compressed + report.tails + report.restored
      await ageStore(ledger, { workspaceId, storeId, now }, report)
      if (report.compressed + report.tails + report.restored === before) continue
      await tellQueue(queue, log, { stage: "embed", workspaceId, storeId })
    }
    return report
  }

async function ageStore(
  ledger: AgingLedger,
  { workspaceId, storeId, now }: { readonly workspaceId: string; readonly storeId: StoreId; readonly now: number },
  report: { -readonly [Key in keyof AgeReport]: number },
): Promise<void> {
  const place = { storeId, before: coldBefore(now), max: pageRows }
  let page = await ledger.page(workspaceId, place)
  for (;;) {
    report.looked += page.rows.length
    const due = (age: Age, isWanted: boolean) =>
      inBatches(page.rows.filter((row) => row.isWanted === isWanted && ageOf(row, now) === age))
    for (const rows of due("compressed", true)) report.compressed += await ledger.prune(workspaceId, storeId, rows)
    for (const rows of due("tail", true)) report.tails += await ledger.prune(workspaceId, storeId, rows)
    for (const rows of due("kept", false)) {
      const ids = rows.map(({ id }) => id)
      report.restored += await ledger.restore(workspaceId, storeId, ids, (row, versions) =>
        observationVectors(versions, row),
      )
    }
    if (page.next === undefined) return
    page = await ledger.page(workspaceId, { ...place, after: page.next })
  }
}

function inBatches(rows: readonly AgingRow[]): AgingRow[][] {
  const batches: AgingRow[][] = []
  for (let from = 0; from < rows.length; from += changedMax) batches.push(rows.slice(from, from + changedMax))
  return batches
}
