import type { RunKind, RunReport } from "@engram/contracts/consolidation"
import type { Metrics } from "@engram/observability/metrics"

/** What is measured; the numbers go to `/metrics`. */
export interface NightMeters {
  /** `report` null: nobody knows what it did. */
  ran(run: {
    readonly kind: RunKind
    readonly state: string
    readonly ms: number
    readonly report: RunReport | null
  }): void
  stepped(step: { readonly step: string; readonly outcome: "ok" | "failed"; readonly ms: number }): void
  looked(workspaces: { readonly oldestNightMs: number; readonly failing: number }): void
}

export const createNightMeters = (metrics: Metrics): NightMeters => ({
  ran: ({ ms, report, ...labels }) => {
    metrics.consolidationRuns.inc(labels)
    metrics.consolidationSeconds.observe(labels, ms / 1_000)
    if (report === null) return
    const { kind } = labels
    metrics.consolidationCalls.inc({ kind, of: "embedding" }, report.embeddingCalls)
    metrics.consolidationCalls.inc({ kind, of: "model" }, report.modelCalls)
    metrics.consolidationTexts.inc({ kind }, report.embeddedTexts)
    metrics.consolidationTokens.inc({ kind, of: "input" }, report.inputTokens)
    metrics.consolidationTokens.inc({ kind, of: "output" }, report.outputTokens)
  },
  stepped: ({ ms, ...labels }) => metrics.nightStepSeconds.observe(labels, ms / 1_000),
  looked: ({ oldestNightMs, failing }) => {
    metrics.oldestNightSeconds.set(oldestNightMs / 1_000)
    metrics.failingNights.set(failing)
  },
})
