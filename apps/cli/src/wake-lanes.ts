import { reasonOf } from "@engram/contracts/errors"
import type { Lane, LaneQueue, Log } from "@engram/contracts/ports"

type Waking = Pick<LaneQueue, "wake">

/** Tells the fleet of lanes whose rows are committed as owed. Never throws: what the queue is not told, the next sweep of a worker finds. */
export async function wakeLanes(open: () => Promise<Waking>, log: Log, lanes: readonly Lane[]): Promise<void> {
  if (lanes.length === 0) return
  try {
    const queue = await open()
    for (const lane of lanes) await queue.wake(lane)
  } catch (error) {
    log.warn({ reason: reasonOf(error) }, "queue not told, the sweep will")
  }
}
