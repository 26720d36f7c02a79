import { setTimeout as delay } from "node:timers/promises"

/**
 * Lets through at most `perSecond` calls in any second, in the order they came. Notion counts as requests arrive, and the way
 * there takes some longer than others: the second is 1,100 ms long.
 */
export function createPace(perSecond: number): () => Promise<void> {
  const recent: number[] = []
  let last: Promise<void> = Promise.resolve()
  const next = async (): Promise<void> => {
    const oldest = recent.length < perSecond ? undefined : recent.shift()
    const waitMs = oldest === undefined ? 0 : oldest + 1_100 - performance.now()
    if (waitMs > 0) await delay(waitMs)
    recent.push(performance.now())
  }
  return () => {
    last = last.then(next)
    return last
  }
}
