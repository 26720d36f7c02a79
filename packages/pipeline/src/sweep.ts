import { reasonOf } from "@engram/contracts/errors"
import type { MemoryJanitor } from "@engram/contracts/memory-ledger"
import type { LaneQueue, Log } from "@engram/contracts/ports"
import type { SweepLedger, SweepTotals } from "@engram/contracts/vectors"
import { tellQueue } from "./wake.ts"

export interface SweepDeps {
  readonly ledger: SweepLedger
  readonly janitor?: MemoryJanitor
  readonly queue: Pick<LaneQueue, "wake">
  readonly log: Log
  /** Longer than any request to an index can take, so that an upsert given up on has landed or never will; 120,000 by default. */
  readonly longestTimeoutMs?: number
  readonly onCleaned?: (memories: number) => void
  readonly onTotals?: (totals: SweepTotals) => void
}

/**
 * Wakes every lane that has work due, whatever the queue remembers of it; a timer in each worker calls this, and one process
 * at a time does it. Returns how many lanes were woken, or undefined when another process is at it.
 */
export const sweep = (deps: SweepDeps) => (): Promise<number | undefined> =>
  deps.ledger.alone(async () => {
    await deps.ledger.removeAgain(deps.longestTimeoutMs ?? 120_000)
    await clean(deps)
    const lanes = await deps.ledger.dueLanes()
    for (const lane of lanes) {
      await tellQueue(deps.queue, deps.log, lane)
    }
    deps.onTotals?.(await deps.ledger.totals())
    return lanes.length
  })

/** Before the lanes, so that those with vectors to remove are among them. What it cannot do now it does in the next sweep. */
async function clean({ janitor, log, onCleaned }: SweepDeps): Promise<void> {
  try {
    if (janitor) onCleaned?.(await janitor.clean())
  } catch (error) {
    log.warn({ reason: reasonOf(error) }, "memories that are over stay for now")
  }
}
