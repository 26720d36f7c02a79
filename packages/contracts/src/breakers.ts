/**
 * Breakers say how they stand on this channel of `node:diagnostics_channel`, since they are made deep inside providers, some of
 * them anew for each turn, and whoever counts must not be handed through all of that.
 */
export const breakerChannel = "engram:breaker"

export type BreakerState = "closed" | "open" | "half-open"

export interface BreakerSaid {
  /** The service behind it, in small letters. Several breakers may stand before one. */
  readonly dependency: string
  readonly state: BreakerState
  /** True when the breaker was made just now, closed and knowing nothing. */
  readonly fresh: boolean
}
