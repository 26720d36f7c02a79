import type { RunningWorker } from "./backend.ts"
import { within } from "./within.ts"

const lookEveryMs = 100

/**
 * Stops taking turns, lets the running ones finish for `timeoutMs`, then lets go of their locks, so that another worker
 * takes their lanes. BullMQ's own close() waits for ever for a running turn, and for a store that hangs; its pause() for
 * one that is away.
 */
export async function closeWithin(
  { worker, isCutOff }: RunningWorker,
  timeoutMs: number,
  onLate: () => void,
): Promise<void> {
  const late = () => new Error("still running")
  let looking: NodeJS.Timeout | undefined
  const cutOff = new Promise<"cut off">((resolve) => {
    looking = setInterval(() => isCutOff() && resolve("cut off"), lookEveryMs)
  })
  const paused = worker.pause().then(() => "finished" as const)
  const end = await within(timeoutMs, Promise.race([paused, cutOff]), late).catch(() => "late" as const)
  clearInterval(looking)
  if (end === "late") onLate()
  await within(2_000, worker.close(end !== "finished"), late).catch(() => {})
}
