import { reasonOf } from "@engram/contracts/errors"
import type { LaneQueue, Log } from "@engram/contracts/ports"
import type { SweepLedger, SweepTotals } from "@engram/contracts/vectors"

export interface SweepDeps {
  readonly ledger: SweepLedger
  readonly queue: Pick<LaneQueue, "wake">
  readonly log: Log
  /** Longer than any request to an index can take, so that an upsert given up on has landed or never will; 120,000 by default. */
  readonly longestTimeoutMs?: number
  readonly onTotals?: (totals: SweepTotals) => void
}

/**
 * Wakes every lane that has work due, whatever the queue remembers of it; a timer in each worker calls this, and one process
 * at a time does it. Returns how many lanes were woken, or undefined when another process is at it.
 */
export const sweep = (deps: SweepDeps) => (): Promise<number | undefined> =>
  deps.ledger.alone(async () => {
    await deps.ledger.removeAgain(deps.longestTimeoutMs ?? 120_000)
    const lanes = await deps.ledger.dueLanes()
    for (const lane of lanes) {
      await deps.queue
        .wake(lane)
        .catch((error) => deps.log.warn({ lane, reason: reasonOf(error) }, "queue away, lane waits"))
    }
    deps.onTotals?.(await deps.ledger.totals())
    return lanes.length
  })
