import type { LaneQueue, Stage } from "@engram/contracts/ports"
import type { SweepLedger } from "@engram/contracts/vectors"

/** Wakes every lane that has work due, by what Postgres owes. Returns how many of each stage; rejects when the queue is away. */
export async function rebuildQueue(deps: {
  readonly ledger: Pick<SweepLedger, "dueLanes">
  readonly queue: Pick<LaneQueue, "wake">
}): Promise<Partial<Record<Stage, number>>> {
  const woken: Partial<Record<Stage, number>> = {}
  for (const lane of await deps.ledger.dueLanes()) {
    await deps.queue.wake(lane)
    woken[lane.stage] = (woken[lane.stage] ?? 0) + 1
  }
  return woken
}
