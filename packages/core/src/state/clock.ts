import { compareText } from "../compare-text.ts"

/** When a value was said: the source's time (ms), then its rank of the action, then the value's hash, so that no tie is ever tossed. */
export interface Clock {
  readonly at: number
  readonly rank: number
  readonly hash: string
}

/** Negative when `a` is older, positive when it is newer. 0 only for equal clocks, which hold equal values. */
export function compareClocks(a: Clock, b: Clock): number {
  return a.at - b.at || a.rank - b.rank || compareText(a.hash, b.hash)
}
