import { channel } from "node:diagnostics_channel"
import { type BreakerSaid, type BreakerState, breakerChannel } from "@engram/contracts/breakers"
import { type CircuitBreakerPolicy, CircuitState } from "cockatiel"

const told = channel(breakerChannel)

/** Tells whoever listens how a breaker stands: now, and whenever it changes. */
export function tellBreaker(service: string, breaker: CircuitBreakerPolicy): void {
  const dependency = service.toLowerCase()
  const tell = (fresh: boolean): void => {
    told.publish({ dependency, state: stateOf(breaker), fresh } satisfies BreakerSaid)
  }
  tell(true)
  breaker.onStateChange(() => tell(false))
}

export function stateOf({ state }: CircuitBreakerPolicy): BreakerState {
  if (state === CircuitState.Closed) return "closed"
  return state === CircuitState.HalfOpen ? "half-open" : "open"
}
