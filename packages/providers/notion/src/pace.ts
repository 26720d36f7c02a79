import { setTimeout as delay } from "node:timers/promises"

/** A second, and a little for clocks that tick apart. */
const secondMs = 1_010

/**
 * At most `perSecond` requests in any second, counted where they arrive: a request holds its place until a second after its
 * answer, since that it was sent long ago does not mean that it arrived long ago. Resolves, in the order of the calls, to what
 * has to be called when the answer is there.
 */
export function createPace(perSecond: number): () => Promise<() => void> {
  const free = Array.from({ length: perSecond }, () => Number.NEGATIVE_INFINITY)
  const waiting: ((readyAt: number) => void)[] = []
  const release = (): void => {
    const readyAt = performance.now() + secondMs
    const next = waiting.shift()
    if (next) next(readyAt)
    else free.push(readyAt)
  }
  return async () => {
    const readyAt = free.shift() ?? (await new Promise<number>((resolve) => waiting.push(resolve)))
    const waitMs = readyAt - performance.now()
    if (waitMs > 0) await delay(waitMs)
    return release
  }
}
