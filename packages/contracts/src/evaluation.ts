import type { DocumentId, EvalQueryId, EvalRunId, StoreId } from "./ids.ts"

/** How well a store answers, and how well its summaries say what happened: measured now and then, and kept over time. */

/** A question that somebody asks of the store, and the document that answers it. */
export interface CanonicalQuery {
  readonly id: EvalQueryId
  readonly query: string
  readonly documentId: DocumentId
  readonly addedAt: Date
}

/** `live` is false where the source removed the document: no search can find it, so the query is not counted. */
export interface ListedQuery extends CanonicalQuery {
  readonly live: boolean
  readonly title: string
}

export interface QueryResult {
  readonly queryId: EvalQueryId
  /** Of the expected document among the first ten hits, from 1; null when it is not among them. */
  readonly rank: number | null
}

export const measures = ["recallAt5", "recallAt10", "mrr", "summaryCoverage", "faithfulness"] as const
export type Measure = (typeof measures)[number]

/** Each from 0 to 1; null where there is nothing to measure. */
export type Figures = { readonly [measure in Measure]: number | null }

/** A measure that fell further than it may, against what the last runs had. */
export interface Drop {
  readonly measure: Measure
  readonly from: number
  readonly to: number
}

/** Live observations, and those of them that a live summary rests on. */
export interface Covered {
  readonly live: number
  readonly covered: number
}

export interface EvaluationRun {
  readonly id: EvalRunId
  readonly storeId: StoreId
  readonly startedBy: "worker" | "operator"
  readonly startedAt: Date
  readonly ms: number
  /** By query id, in order. Queries whose document is gone are left out. */
  readonly results: readonly QueryResult[]
  /** Queries left out. */
  readonly skipped: number
  readonly figures: Figures
  /** Of the last 90 days, and before. */
  readonly coverage: { readonly hot: Covered; readonly old: Covered }
  /** Sentences of summaries that were looked at, and those that their citations bear out. */
  readonly sentences: { readonly checked: number; readonly faithful: number }
  readonly drops: readonly Drop[]
}

export interface SummaryToCheck {
  readonly title: string
  readonly sentences: readonly { readonly text: string; readonly cites: readonly string[] }[]
}

/** What a sentence may rest on: it is live, and everybody who may read the summary may read it. */
export interface CitedObservation {
  readonly id: string
  readonly title: string | null
  readonly text: string
  readonly occurredAt: Date
}

type Place = { readonly workspaceId: string; readonly storeId: StoreId }

export interface ExpectedDocument {
  readonly id: DocumentId
  readonly title: string
  readonly live: boolean
}

export interface EvaluationLedger {
  /** The store's documents of that id, URL or `source:sourceId`. */
  documentsNamed(place: Place, name: string): Promise<ExpectedDocument[]>
  /** The same query for the same document is there once. */
  add(
    place: Place,
    query: Omit<CanonicalQuery, "addedAt">,
    max: number,
  ): Promise<"added" | "already there" | "too many">
  /** False when there is no such query in the workspace. */
  remove(workspaceId: string, id: string): Promise<boolean>
  /** In the order they were added. */
  queries(place: Place): Promise<ListedQuery[]>
  /** Whether documents, summaries or queries changed since then, or a consolidation ended. What was forgotten leaves no trace here. */
  changedSince(place: Place, since: Date): Promise<boolean>
  coverage(place: Place, hotSince: Date): Promise<EvaluationRun["coverage"]>
  /** The same `max` summaries each time, as far as they are still there, each with what it may rest on. */
  summaries(
    place: Place,
    max: number,
  ): Promise<readonly (SummaryToCheck & { readonly evidence: readonly CitedObservation[] })[]>
  /** The newest first. */
  runs(place: Place, max: number): Promise<EvaluationRun[]>
  record(place: Place, run: EvaluationRun): Promise<void>
  /** The newest runs since then that no board has yet, the oldest first. */
  unsent(place: Place, since: Date, max: number): Promise<EvaluationRun[]>
  sent(place: Place, id: EvalRunId): Promise<void>
}

/** Where figures are shown beside Postgres. It is told figures and ids; never a query, a title or a text. */
export interface EvaluationBoard {
  /** The same run again replaces what was there. `RetryLater` while the board is away, `Rejected` when it refuses the key. */
  send(run: EvaluationRun): Promise<void>
  check(): Promise<void>
}

/** What consolidation calls when a run has ended. */
export interface AfterConsolidation {
  readonly name: string
  run(workspaceId: string, now: number): Promise<void>
}
