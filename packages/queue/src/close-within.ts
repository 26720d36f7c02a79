import type { RunningWorker } from "./backend.ts"
import { within } from "./within.ts"

/**
 * Stops taking turns, lets the running ones finish for `timeoutMs`, then lets go of their locks, so that another worker
 * takes their lanes. BullMQ's own close() waits for ever for a running turn, and for a store that hangs.
 */
export async function closeWithin(
  worker: RunningWorker["worker"],
  timeoutMs: number,
  onLate: () => void,
): Promise<void> {
  const late = () => new Error("still running")
  const finished = await within(timeoutMs, worker.pause(), late).then(
    () => true,
    () => false,
  )
  if (!finished) onLate()
  await within(2_000, worker.close(!finished), late).catch(() => {})
}
