import { vectorFamilies } from "@engram/contracts/knowledge"
import type { Metrics } from "@engram/observability/metrics"
import type { PlatformOptions } from "@engram/platform/platform"
import type { FleetMeters } from "./turns.ts"

/** How long turns take, and how they end. */
export const onTurn =
  (metrics: Metrics): NonNullable<PlatformOptions["onTurn"]> =>
  ({ stage, outcome, ms }) =>
    metrics.turnSeconds.observe({ stage, outcome }, ms / 1_000)

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
  evaluated: ({ storeId: store, figures, drops }) => {
    const set = (
      gauge: { set(labels: { store: string }, value: number): void; remove(store: string): void },
      value: number | null,
    ) => (value === null ? gauge.remove(store) : gauge.set({ store }, value))
    for (const [k, value] of [
      ["5", figures.recallAt5],
      ["10", figures.recallAt10],
    ] as const) {
      if (value === null) metrics.evalRecall.remove(store, k)
      else metrics.evalRecall.set({ store, k }, value)
    }
    set(metrics.evalMrr, figures.mrr)
    set(metrics.evalSummaryCoverage, figures.summaryCoverage)
    set(metrics.evalFaithfulness, figures.faithfulness)
    metrics.evalLastRun.set({ store }, Date.now() / 1_000)
    for (const { measure } of drops) metrics.evalDrops.inc({ measure })
  },
  event: ({ name }) => metrics.knowledgeEvents.inc({ name }),
})
