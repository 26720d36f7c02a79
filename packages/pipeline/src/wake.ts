import { reasonOf } from "@engram/contracts/errors"
import type { Lane, LaneQueue, Log } from "@engram/contracts/ports"

export interface Waker {
  /** Wakes the lane soon. Never waits, never throws: what the queue does not hear of, the sweep finds. */
  wake(lane: Lane): void
  /** Resolves when no wake is on its way. */
  settled(): Promise<void>
}

/** Tells the queue of a lane whose rows are committed as owed. Never throws: what the queue is not told, the sweep finds. */
export const tellQueue = (queue: Pick<LaneQueue, "wake">, log: Log, lane: Lane): Promise<void> =>
  queue.wake(lane).catch((error) => log.warn({ ...lane, reason: reasonOf(error) }, "queue not told, the sweep will"))

/** Any number of wakes of one lane within `intervalMs` become one call to the queue, and the last is never left out. */
export function createWaker(deps: { queue: Pick<LaneQueue, "wake">; log: Log; intervalMs?: number }): Waker {
  const intervalMs = deps.intervalMs ?? 20
  const waking = new Map<string, { again: boolean; done: Promise<void> }>()

  const keepWaking = async (key: string, lane: Lane): Promise<void> => {
    const state = waking.get(key)!
    do {
      state.again = false
      await tellQueue(deps.queue, deps.log, lane)
      if (state.again) await new Promise((resolve) => setTimeout(resolve, intervalMs))
    } while (state.again)
    waking.delete(key)
  }

  return {
    wake: (lane) => {
      const key = `${lane.stage} ${lane.storeId}`
      const state = waking.get(key)
      if (state) {
        state.again = true
        return
      }
      const fresh = { again: false, done: Promise.resolve() }
      waking.set(key, fresh)
      fresh.done = keepWaking(key, lane)
    },
    settled: async () => {
      while (waking.size > 0) await Promise.all([...waking.values()].map((state) => state.done))
    },
  }
}
