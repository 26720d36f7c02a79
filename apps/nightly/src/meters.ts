import type { RunKind } from "@engram/contracts/consolidation"
import type { Metrics } from "@engram/observability/metrics"

/** What is measured; the numbers go to `/metrics`. */
export interface NightMeters {
  ran(run: { readonly kind: RunKind; readonly state: string; readonly ms: number }): void
  stepped(step: { readonly step: string; readonly outcome: "ok" | "failed"; readonly ms: number }): void
  looked(workspaces: { readonly oldestNightMs: number; readonly failing: number }): void
}

export const createNightMeters = (metrics: Metrics): NightMeters => ({
  ran: ({ ms, ...labels }) => {
    metrics.consolidationRuns.inc(labels)
    metrics.consolidationSeconds.observe(labels, ms / 1_000)
  },
  stepped: ({ ms, ...labels }) => metrics.nightStepSeconds.observe(labels, ms / 1_000),
  looked: ({ oldestNightMs, failing }) => {
    metrics.oldestNightSeconds.set(oldestNightMs / 1_000)
    metrics.failingNights.set(failing)
  },
})
