import { randomInt } from "node:crypto"

/** `size` of them, each as likely as any other, or all in a new order where there are not more. */
export function sampleOf<T>(items: readonly T[], size: number): T[] {
  const pool = [...items]
  const wanted = Math.min(size, pool.length)
  for (let at = 0; at < wanted; at++) {
    const other = randomInt(at, pool.length)
    ;[pool[at], pool[other]] = [pool[other]!, pool[at]!]
  }
  return pool.slice(0, wanted)
}
