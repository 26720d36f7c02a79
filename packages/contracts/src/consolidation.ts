import type { TokensSpent } from "./cited-answers.ts"
import type { EntityKind } from "./graph.ts"
import type { ObservationId, RunId, ScopeId, SummaryId } from "./ids.ts"

/** What observations are about, as far as summaries tell them apart: each is of one topic. */
export const topics = ["incidents", "decisions", "releases", "goals", "work"] as const
export type Topic = (typeof topics)[number]

/** Calendar windows in UTC: ISO weeks (from Monday), months, quarters. */
export const windowKinds = ["week", "month", "quarter"] as const
export type WindowKind = (typeof windowKinds)[number]

/** Days from `from` up to, and not including, `until`; both `YYYY-MM-DD` in UTC. */
export interface CalendarWindow {
  readonly kind: WindowKind
  readonly from: string
  readonly until: string
}

/** One observation as a summary's writer sees it. */
export interface Evidence {
  readonly id: ObservationId
  readonly title: string | null
  readonly text: string
  readonly source: string
  readonly kind: string
  /** ms */
  readonly occurredAt: number
  /** 0 to 1 */
  readonly importance: number
  /** Of its text, of unit length; null where the embedder refused it. */
  readonly values: Float32Array | null
}

/** What a summary is about: one entity's topic in a window, or, without an entity, the topic across the whole store. */
export interface SummarySubject {
  readonly entity: { readonly name: string; readonly kind: EntityKind | "name" } | null
  readonly topic: Topic
  readonly window: CalendarWindow
  /** How many observations there are, of which the writer sees the weightiest. */
  readonly observations: number
}

export interface SummarySentence {
  readonly text: string
  /** What it rests on, one at least. */
  readonly cites: readonly ObservationId[]
}

/** 3 to 7 sentences, joined by spaces at most 1,200 characters. */
export interface WrittenSummary {
  readonly sentences: readonly SummarySentence[]
  /** The name of who wrote it, which is not who was asked where another stood in. */
  readonly writer: string
  /**
   * Why another stood in. `refused`: the answer to this evidence broke a rule, and the same question would get the same answer.
   * `away`: the writer asked could not be reached, or not be asked; asked again later it may do better.
   */
  readonly standIn?: StandIn
}

export type StandIn = "refused" | "away"

/**
 * Turns evidence into a summary. `undefined` when the evidence does not carry one (fewer than three different sentences).
 * The same evidence in any order gives the same question. Outages are `RetryLater`; an answer that breaks a rule is `Rejected`.
 */
export interface SummaryWriter {
  /** Names who is asked, with its version: part of what decides whether a summary is up to date. */
  readonly name: string
  write(
    subject: SummarySubject,
    evidence: readonly Evidence[],
    /** Hears of each answer of a language model, also of one that was not good enough. */
    onSpent?: (tokens: TokensSpent) => void,
  ): Promise<WrittenSummary | undefined>
}

/** What the members of a cluster have in common, counted over all of them. */
export interface Coverage {
  readonly observations: number
  readonly sources: { readonly [source: string]: number }
  readonly kinds: { readonly [kind: string]: number }
  readonly labels: { readonly [label: string]: number }
  /** Observations a day, by `YYYY-MM-DD`; a quarter's by the day its week began. */
  readonly histogram: { readonly [day: string]: number }
}

export interface SummaryRow {
  readonly id: SummaryId
  readonly storeId: string
  /** The person, entity or unclaimed alias; null across the store. */
  readonly entityId: string | null
  readonly topic: Topic
  readonly window: CalendarWindow
  /** The private scope whose readers alone may see it; null for the workspace. */
  readonly scopeId: ScopeId | null
  readonly title: string
  readonly text: string
  readonly sentences: readonly SummarySentence[]
  readonly coverage: Coverage
  /** All members; of a quarter those that the writer saw. */
  readonly evidenceIds: readonly ObservationId[]
  /** Where its evidence comes from: it shows to those who may read all of these. */
  readonly scopeIds: readonly ScopeId[]
  /** Of all that it was written from, and of who wrote it. */
  readonly evidenceHash: string
  readonly writer: string
  /** ms, of the newest evidence */
  readonly occurredAt: number
  readonly importance: number
}

/** A word or phrase that sets an entity apart, the strongest 1. */
export interface Descriptor {
  readonly phrase: string
  readonly weight: number
}

/** What started a run. */
export type RunKind = "night" | "threshold" | "manual"

export interface RunStart {
  readonly kind: RunKind
  /** The local date it makes up for, where it is a night's: `YYYY-MM-DD`. One run a workspace and night ends well. */
  readonly night: string | null
  /** ms; every date of the run is taken from it. */
  readonly now: number
  /** Only these entities' clusters; the store-wide ones wait for the night. */
  readonly entityIds?: readonly string[]
  /** Days since (`YYYY-MM-DD`) are built again, changed or not. */
  readonly since?: string
}

/** What a run read, wrote, left alone, and what it cost. */
export interface RunReport {
  readonly observationsRead: number
  /** Of those, with their texts. */
  readonly textsRead: number
  readonly clustersDue: number
  readonly summariesWritten: number
  readonly summariesUnchanged: number
  readonly summariesWithdrawn: number
  /** Clusters with too little to say. */
  readonly clustersTooSmall: number
  readonly profilesDue: number
  readonly profilesRebuilt: number
  readonly profilesUnchanged: number
  readonly profilesWithdrawn: number
  readonly writerCalls: number
  /** Answers that broke a rule, or did not come, and were replaced by the extractive writer's. */
  readonly writerFallbacks: number
  /** Answers of a language model, good or not, and what they cost. Not in the reports of older runs. */
  readonly modelCalls: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly embeddingCalls: number
  readonly embeddedTexts: number
}

export interface ConsolidationRun {
  readonly id: RunId
  readonly workspaceId: string
  readonly kind: RunKind
  readonly night: string | null
  readonly state: "running" | "done" | "failed" | "abandoned"
  readonly startedAt: Date
  readonly finishedAt: Date | null
  readonly report: RunReport | null
  /** Why nothing was written, or why it failed. */
  readonly reason: string | null
}

/** What the nightly app and `engram consolidate` call. */
export interface Consolidate {
  /**
   * Undefined when another run of the workspace is under way, or when this night's was done: nothing was begun. Otherwise the run
   * as recorded, done or failed; rejects only where not even that could be recorded.
   */
  run(workspaceId: string, start: RunStart): Promise<ConsolidationRun | undefined>
  /** What a run would do, counted without writing: clusters and profiles that are due. */
  plan(workspaceId: string, start: RunStart): Promise<{ readonly clustersDue: number; readonly profilesDue: number }>
}

/** A summary as its operator reads it, with what each sentence rests on. */
export interface ShownSummary {
  readonly id: SummaryId
  readonly entityId: string | null
  readonly topic: Topic
  readonly window: CalendarWindow
  readonly title: string
  readonly text: string
  readonly sentences: readonly SummarySentence[]
  readonly coverage: Coverage
  readonly writer: string
  readonly isPrivate: boolean
  /** Everything that is cited, by its id. */
  readonly evidence: readonly {
    readonly id: ObservationId
    readonly text: string
    readonly url: string | null
    readonly source: string
    readonly occurredAt: string
  }[]
}

export interface ShownProfile {
  readonly entityId: string
  readonly entity: string
  readonly descriptors: readonly Descriptor[]
  readonly observations: number
  readonly summaries: number
  /** How far it has moved since it was rebuilt: 1 - cosine. */
  readonly drift: number
  readonly rebuiltAt: Date
}

/** What runs have written, for people to read. */
export interface SummaryDesk {
  /** The weightiest of the newest windows first; those of one entity, where one is named. */
  summaries(
    workspaceId: string,
    which: { readonly storeId?: string; readonly entityId?: string; readonly topic?: Topic; readonly max: number },
  ): Promise<ShownSummary[]>
  /** Of this entity in each store, or those built of most, where none is named. */
  profiles(
    workspaceId: string,
    which: { readonly storeId?: string; readonly entityId?: string; readonly max: number },
  ): Promise<ShownProfile[]>
}
