import { shortHash } from "../canonical.ts"
import { type Clock, compareClocks } from "./clock.ts"

/** Whom a payload says an alias belongs to. A login or a repository's name moves to whoever was last seen with it. */
export interface AliasClaim {
  readonly entityId: string
  readonly clock: Clock
}

/** `at` is the payload's source time in ms. */
export function aliasClaim(entityId: string, at: number): AliasClaim {
  return { entityId, clock: { at, rank: 0, hash: shortHash(entityId) } }
}

/** The join of two claims on one alias: the newer, at equal clocks the greater entity id. */
export function newerClaim(a: AliasClaim | undefined, b: AliasClaim): AliasClaim {
  if (!a) return b
  const order = compareClocks(a.clock, b.clock)
  if (order !== 0) return order > 0 ? a : b
  return a.entityId >= b.entityId ? a : b
}
