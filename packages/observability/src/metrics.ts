import { subscribe } from "node:diagnostics_channel"
import { type BreakerSaid, breakerChannel } from "@engram/contracts/breakers"
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client"

/** Everything a process counts, in a registry of its own; `engram_` comes before each name. */
export interface Metrics {
  readonly accepted: Counter<"source">
  readonly duplicates: Counter<"source">
  readonly refused: Counter<"status">
  readonly acceptBatchRows: Histogram
  readonly bodyBytesHeld: Gauge
  /** From accept until search finds it. */
  readonly searchableLagSeconds: Histogram
  readonly vectorsOwed: Gauge<"family">
  readonly fetchesOwed: Gauge
  /** Texts of an embedding call over the most it takes. */
  readonly embeddingBatchFill: Histogram
  readonly embeddingCalls: Counter<"outcome">
  readonly embeddingTexts: Counter
  readonly indexCalls: Counter<"operation" | "outcome">
  /** Over `indexCalls` of the same operation: how full a request to the index is. */
  readonly indexVectors: Counter<"operation">
  readonly deliveries: Gauge<"state">
  readonly turnSeconds: Histogram<"stage" | "outcome">
  readonly redelivered: Counter
  readonly knowledgeEvents: Counter<"name">
  /** Credentials, and addresses and numbers of people, taken out of texts. */
  readonly redactions: Counter<"rule">
  readonly searchSeconds: Histogram<"outcome">
  /** One request to the memory plugin, by endpoint. */
  readonly memoryRequestSeconds: Histogram<"endpoint" | "status">
  readonly memoriesWritten: Counter
  readonly memoriesRead: Counter
  /** Memories written in one transaction. */
  readonly memoryBatchRows: Histogram
  readonly memoryDegraded: Counter
  readonly memoriesCleaned: Counter
  readonly consolidationRuns: Counter<"kind" | "state">
  readonly consolidationSeconds: Histogram<"kind" | "state">
  /** What runs asked of others; `of` is embedding or model. */
  readonly consolidationCalls: Counter<"kind" | "of">
  readonly consolidationTexts: Counter<"kind">
  /** Of the model that writes summaries; `of` is input or output. */
  readonly consolidationTokens: Counter<"kind" | "of">
  /** What follows a run, by step: age, retain, refresh, drop-archived, evaluate. */
  readonly nightStepSeconds: Histogram<"step" | "outcome">
  /** Since the last night that ended well, of the workspace that waits longest. */
  readonly oldestNightSeconds: Gauge
  /** Workspaces whose last run failed or was abandoned. */
  readonly failingNights: Gauge
  /** Of the last evaluation in this process, 0 to 1, by store; `k` is 5 or 10. */
  readonly evalRecall: Gauge<"store" | "k">
  readonly evalMrr: Gauge<"store">
  readonly evalSummaryCoverage: Gauge<"store">
  readonly evalFaithfulness: Gauge<"store">
  /** Of processes that say different figures, the one with the latest is right. */
  readonly evalLastRun: Gauge<"store">
  readonly evalDrops: Counter<"measure">
  /** 0 closed, 1 half open, 2 open. */
  readonly breakerState: Gauge<"dependency">
  readonly contentType: string
  /** All of them as Prometheus reads them. */
  text(): Promise<string>
}

const runSeconds = [0.1, 0.5, 1, 5, 15, 60, 180, 600, 1_800, 7_200]

/** `processMetrics` adds memory, CPU and event loop of the process; once per process is enough. */
export function createMetrics({ processMetrics = false } = {}): Metrics {
  const registry = new Registry()
  if (processMetrics) collectDefaultMetrics({ register: registry })
  const counter = <Label extends string = never>(name: string, help: string, labelNames: Label[] = []) =>
    new Counter({ name: `engram_${name}`, help, labelNames, registers: [registry] })
  const gauge = <Label extends string = never>(name: string, help: string, labelNames: Label[] = []) =>
    new Gauge({ name: `engram_${name}`, help, labelNames, registers: [registry] })
  const histogram = <Label extends string = never>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: Label[] = [],
  ) => new Histogram({ name: `engram_${name}`, help, buckets, labelNames, registers: [registry] })

  return {
    accepted: counter("accepted_total", "Deliveries answered 202.", ["source"]),
    duplicates: counter("duplicates_total", "Deliveries answered 200: seen before.", ["source"]),
    refused: counter("refused_total", "Requests answered 4xx or 5xx.", ["status"]),
    acceptBatchRows: histogram("accept_batch_rows", "Deliveries per insert.", [1, 2, 4, 8, 16, 32, 64, 128, 256]),
    bodyBytesHeld: gauge("body_bytes_held", "Memory held by request bodies."),
    searchableLagSeconds: histogram(
      "searchable_lag_seconds",
      "From accept until search finds it.",
      [0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60, 300, 1_800, 7_200],
    ),
    fetchesOwed: gauge("fetches_owed", "Things that their senders are still to be asked for."),
    vectorsOwed: gauge("vectors_owed", "Vectors that differ from what they should be.", ["family"]),
    embeddingBatchFill: histogram(
      "embedding_batch_fill",
      "Texts of an embedding call over the most it takes.",
      [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 1],
    ),
    embeddingCalls: counter("embedding_calls_total", "Calls of lanes to the embedder.", ["outcome"]),
    embeddingTexts: counter("embedding_texts_total", "Texts embedded."),
    indexCalls: counter("index_calls_total", "Calls to the vector index.", ["operation", "outcome"]),
    indexVectors: counter("index_vectors_total", "Vectors written to the index, or removed.", ["operation"]),
    deliveries: gauge("deliveries", "Deliveries that wait (received) or failed for good (parked).", ["state"]),
    turnSeconds: histogram(
      "turn_seconds",
      "One turn of a stage on a lane.",
      [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      ["stage", "outcome"],
    ),
    redelivered: counter(
      "redelivered_total",
      "Deliveries that failed and that their provider was asked to send again.",
    ),
    knowledgeEvents: counter("knowledge_events_total", "What was said after commits.", ["name"]),
    redactions: counter("redactions_total", "What was taken out of texts, by rule.", ["rule"]),
    searchSeconds: histogram(
      "search_seconds",
      "One search, from its request to its answer.",
      [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      ["outcome"],
    ),
    memoryRequestSeconds: histogram(
      "memory_request_seconds",
      "One request to the memory plugin, from its head to its answer, or until its client is gone (499).",
      [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      ["endpoint", "status"],
    ),
    memoriesWritten: counter("memories_written_total", "Memories written."),
    memoriesRead: counter("memories_read_total", "Memories answered to searches."),
    memoryBatchRows: histogram("memory_batch_rows", "Memories per transaction.", [1, 2, 4, 8, 16, 32, 64, 128]),
    memoryDegraded: counter("memory_degraded_total", "Memory searches answered without vectors."),
    memoriesCleaned: counter("memories_cleaned_total", "Memories the janitor removed."),
    consolidationRuns: counter("consolidation_runs_total", "Runs of consolidation that ended.", ["kind", "state"]),
    consolidationSeconds: histogram("consolidation_seconds", "One run of consolidation.", runSeconds, [
      "kind",
      "state",
    ]),
    consolidationCalls: counter(
      "consolidation_calls_total",
      "Calls of runs to the embedder, and answers of the model.",
      ["kind", "of"],
    ),
    consolidationTexts: counter("consolidation_texts_total", "Texts that runs had embedded.", ["kind"]),
    consolidationTokens: counter(
      "consolidation_tokens_total",
      "Tokens of the model that writes summaries, as billed.",
      ["kind", "of"],
    ),
    nightStepSeconds: histogram("night_step_seconds", "One step after a run.", runSeconds, ["step", "outcome"]),
    oldestNightSeconds: gauge(
      "oldest_night_seconds",
      "Since the last night that ended well, of the workspace that waits longest.",
    ),
    failingNights: gauge("failing_nights", "Workspaces whose last run failed or was abandoned."),
    evalRecall: gauge("eval_recall", "Canonical queries answered among the first k hits, 0 to 1.", ["store", "k"]),
    evalMrr: gauge("eval_mrr", "Mean reciprocal rank of canonical queries, 0 to 1.", ["store"]),
    evalSummaryCoverage: gauge("eval_summary_coverage", "Live observations that a summary rests on, 0 to 1.", [
      "store",
    ]),
    evalFaithfulness: gauge("eval_faithfulness", "Summary sentences that their citations bear out, 0 to 1.", ["store"]),
    evalLastRun: gauge("eval_last_run_timestamp_seconds", "When this process last evaluated the store.", ["store"]),
    evalDrops: counter("eval_drops_total", "Measures that fell further than they may, by run.", ["measure"]),
    breakerState: followBreakers(gauge("breaker_state", "0 closed, 1 half open, 2 open.", ["dependency"])),
    contentType: registry.contentType,
    text: () => registry.metrics(),
  }
}

const breakerStates = { closed: 0, "half-open": 1, open: 2 } as const

/** Every breaker of the process, from now on, by its service. One that was made just now does not hide what another has seen. */
function followBreakers(gauge: Gauge<"dependency">): Gauge<"dependency"> {
  const known = new Set<string>()
  subscribe(breakerChannel, (said) => {
    const { dependency, state, fresh } = said as BreakerSaid
    if (fresh && known.has(dependency)) return
    known.add(dependency)
    gauge.set({ dependency }, breakerStates[state])
  })
  return gauge
}
