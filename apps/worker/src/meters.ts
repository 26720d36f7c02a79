import { vectorFamilies } from "@engram/contracts/knowledge"
import type { Metrics } from "@engram/observability/metrics"
import type { FleetMeters } from "./turns.ts"

/** What the fleet reports, as the metrics that `/metrics` shows. */
export const createMeters = (metrics: Metrics): FleetMeters => ({
  embedded: ({ texts, textsMax }) => {
    metrics.embeddingCalls.inc({ outcome: "ok" })
    metrics.embeddingTexts.inc(texts)
    metrics.embeddingBatchFill.observe(texts / textsMax)
  },
  searchable: ({ acceptedAt }) => metrics.searchableLagSeconds.observe((Date.now() - acceptedAt) / 1_000),
  totals: ({ deliveries, owed, owedFetches }) => {
    for (const [state, count] of Object.entries(deliveries)) metrics.deliveries.set({ state }, count)
    metrics.fetchesOwed.set(owedFetches)
    for (const family of vectorFamilies) metrics.vectorsOwed.set({ family }, owed[family] ?? 0)
  },
  redacted: (rule) => metrics.redactions.inc({ rule }),
  cleaned: (memories) => metrics.memoriesCleaned.inc(memories),
  event: ({ name }) => metrics.knowledgeEvents.inc({ name }),
})
