import type {
  CalendarWindow,
  ConsolidationRun,
  Coverage,
  Descriptor,
  RunKind,
  RunReport,
  SummaryRow,
  SummarySubject,
  Topic,
} from "./consolidation.ts"
import type { ObservationId, ProfileId, RunId, ScopeId, SummaryId } from "./ids.ts"
import type { EmbeddingVersion, VectorView, WantedVector } from "./knowledge.ts"
import type { EmbeddingModel } from "./ports.ts"

/** What Postgres keeps for consolidation. All of it is one workspace's. */

/** What has changed, as far as marks tell: names by the day of what was observed of them. */
export interface DueDay {
  readonly storeId: string
  /** null for what is about nobody: only its topic across the store is due. */
  readonly aliasId: string | null
  /** `YYYY-MM-DD`, UTC */
  readonly day: string
  /** Observations that came; Infinity where nobody counted them. */
  readonly added: number
  /** Something went, or reads differently. */
  readonly lost: boolean
}

export interface Marks {
  readonly days: readonly DueDay[]
  /** Entities and persons that names were joined to or taken from. */
  readonly entityIds: readonly string[]
  /** Scopes whose readers changed. */
  readonly scopeIds: readonly string[]
  /** What was read, to be removed when it is done, by the name it is about. */
  readonly read: ReadonlyMap<string | null, readonly number[]>
}

/** A name and who it stands for: a person, an entity, or, unclaimed, itself. */
export interface ResolvedAlias {
  readonly aliasId: string
  readonly entityId: string
}

/** An observation of a window, without its texts. Readable by the workspace, or by the readers of one private scope. */
export interface MemberRow {
  readonly id: ObservationId
  readonly source: string
  readonly kind: string
  readonly tags: readonly string[]
  /** ms */
  readonly occurredAt: number
  readonly importance: number
  readonly contentHash: string
  readonly subjectAliasIds: readonly string[]
  readonly privateTo: ScopeId | null
  readonly scopeIds: readonly ScopeId[]
}

/** A topic of a quarter across the store, counted where its rows are. */
export interface TopicCount {
  readonly topic: Topic
  readonly scopeId: ScopeId | null
  readonly coverage: Coverage
  readonly scopeIds: readonly ScopeId[]
  /** Of all members. */
  readonly evidenceHash: string
  /** ms */
  readonly newestAt: number
  /** The weightiest. */
  readonly seen: readonly Pick<MemberRow, "id" | "contentHash" | "importance" | "occurredAt">[]
}

export interface EvidenceRow {
  readonly id: ObservationId
  readonly title: string | null
  readonly text: string
  readonly source: string
  readonly kind: string
  readonly occurredAt: number
  readonly importance: number
}

export interface StoredSummary {
  readonly id: SummaryId
  readonly window: CalendarWindow
  readonly evidenceHash: string
  readonly writer: string
}

/** What is written must rest on this, as it is when the transaction writes: else it is left out, and is due again. */
export interface Rests {
  readonly evidence: readonly { readonly id: ObservationId; readonly contentHash: string }[]
}

/** A vector of what an entity's observations have been about. */
export interface ProfileVector {
  readonly view: VectorView
  readonly textHash: string
  /** Of the observation, or null where it is a summary's. */
  readonly member: Pick<MemberRow, "id" | "contentHash" | "importance" | "occurredAt"> | null
  readonly entityIds: readonly string[]
  readonly scopeIds: readonly ScopeId[]
  readonly values: Float32Array
}

/** How far a profile may be from what it was when it was rebuilt. */
export interface Measure {
  /** 1 - cosine of the body's centroids, when last measured: 0 to 2. */
  readonly drift: number
  /** Length of the sum of the vectors that it was measured by. */
  readonly weight: number
  /** Vectors of unit length that have been added or taken since, at most. */
  readonly changed: number
}

export interface StoredProfile extends Measure {
  readonly id: ProfileId
  readonly entityId: string
  /** ms */
  readonly rebuiltAt: number
  /** Versions that its body is wanted in. */
  readonly versionIds: readonly string[]
  /** The body's centroid of the last rebuild, in the active version. */
  readonly body: Float32Array | null
}

export interface ProfileRow {
  readonly id: ProfileId
  readonly storeId: string
  readonly entityId: string
  readonly descriptors: readonly Descriptor[]
  readonly observations: number
  readonly summaries: number
  readonly scopeIds: readonly ScopeId[]
  /** As `Measure` has it, at the rebuild: there it has not drifted. */
  readonly weight: number
}

export interface ConsolidationLedger {
  /**
   * Begins a run, unless another of the workspace is under way or this night's is done: undefined. One whose lease is over is
   * recorded as abandoned. `lastDay` is the latest that any run that ended well was cut by.
   */
  begin(
    workspaceId: string,
    run: {
      readonly id: RunId
      readonly kind: RunKind
      readonly night: string | null
      readonly day: string
      readonly leaseMs: number
    },
  ): Promise<{ readonly lastDay: string | null } | undefined>
  /** False when the run is no longer ours. */
  renew(workspaceId: string, runId: RunId, leaseMs: number): Promise<boolean>
  /** Removes the marks that are done, and records the run's end; what only topics across the store still need stays marked. */
  finish(
    workspaceId: string,
    runId: RunId,
    end: {
      readonly state: "done" | "failed"
      readonly report: RunReport
      readonly reason: string | null
      /** Marks by their ids. */
      readonly marks: readonly number[]
      /** Whether topics across the store were left out. */
      readonly keepTopics: boolean
      /** What a later run is to look at again. */
      readonly again: readonly { readonly storeId: string; readonly aliasId: string; readonly day: string }[]
    },
  ): Promise<ConsolidationRun>

  marks(workspaceId: string): Promise<Marks>
  /** Names and days of all live observations that fulfil one of these. */
  daysOf(
    workspaceId: string,
    which: {
      readonly aliasIds: readonly string[]
      readonly scopeIds: readonly string[]
      readonly from: string
      readonly until: string
    },
  ): Promise<DueDay[]>
  /** Whom these names stand for, and all other names of those. Bots are left out. */
  resolve(
    workspaceId: string,
    which: { readonly aliasIds: readonly string[]; readonly entityIds: readonly string[] },
  ): Promise<ResolvedAlias[]>
  /** What people call them, as far as anybody in the workspace may know. */
  subjects(
    workspaceId: string,
    entityIds: readonly string[],
  ): Promise<Map<string, NonNullable<SummarySubject["entity"]>>>
  /** Live observations of these days about any of these names. */
  members(
    workspaceId: string,
    place: {
      readonly storeId: string
      readonly from: string
      readonly until: string
      readonly aliasIds: readonly string[]
    },
  ): Promise<MemberRow[]>
  topicCounts(
    workspaceId: string,
    place: { readonly storeId: string; readonly window: CalendarWindow; readonly seenMax: number },
  ): Promise<TopicCount[]>
  /** Summaries of these entities (null: across the store) whose window begins on one of these days. */
  summaries(
    workspaceId: string,
    place: {
      readonly storeId: string
      readonly entityIds: readonly string[] | null
      readonly windows: readonly CalendarWindow[]
    },
  ): Promise<StoredSummary[]>
  /** Windows in which these entities have summaries. */
  summarized(
    workspaceId: string,
    entityIds: readonly string[],
  ): Promise<{ storeId: string; entityId: string; window: CalendarWindow }[]>
  evidence(workspaceId: string, ids: readonly ObservationId[]): Promise<EvidenceRow[]>
  values(workspaceId: string, model: EmbeddingModel, textHashes: readonly string[]): Promise<Map<string, Float32Array>>
  saveValues(
    workspaceId: string,
    model: EmbeddingModel,
    rows: readonly { textHash: string; values: Float32Array }[],
  ): Promise<void>
  versions(workspaceId: string, storeId: string): Promise<EmbeddingVersion[]>
  /**
   * Writes and withdraws summaries with what their vectors should be, in one transaction, if the run is still ours (else it rejects).
   * Profiles have changed by as much. Returns those written.
   */
  saveSummaries(
    workspaceId: string,
    runId: RunId,
    change: {
      readonly storeId: string
      readonly written: readonly (SummaryRow & Rests)[]
      readonly withdrawn: readonly SummaryId[]
      readonly vectorsOf: (row: SummaryRow, versions: readonly EmbeddingVersion[]) => readonly WantedVector[]
    },
  ): Promise<SummaryId[]>

  profiles(
    workspaceId: string,
    storeId: string,
    entityIds: readonly string[],
    model: EmbeddingVersion,
  ): Promise<StoredProfile[]>
  /** Entities whose profile has no vector in one of the versions that are open now. */
  unprofiled(workspaceId: string): Promise<{ readonly storeId: string; readonly entityId: string }[]>
  /** Pages of the vectors of these names' observations that the workspace may read, and of their entities' summaries, in a fixed order. */
  profileVectors(
    workspaceId: string,
    place: { readonly storeId: string; readonly version: EmbeddingVersion; readonly aliases: readonly ResolvedAlias[] },
    each: (page: readonly ProfileVector[]) => void,
  ): Promise<void>
  /** Texts of up to `max` observations of the store that the workspace may read, always the same of the same. */
  sampleTexts(workspaceId: string, storeId: string, max: number): Promise<string[]>
  saveProfiles(
    workspaceId: string,
    runId: RunId,
    change: {
      readonly storeId: string
      readonly now: number
      readonly rebuilt: readonly (ProfileRow & Rests & { readonly vectors: readonly ProfileValues[] })[]
      readonly measured: readonly ({ readonly id: ProfileId } & Measure)[]
      readonly withdrawn: readonly ProfileId[]
    },
  ): Promise<ProfileId[]>
}

export interface ProfileValues {
  readonly version: EmbeddingVersion
  readonly view: VectorView
  readonly textHash: string
  readonly values: Float32Array
  readonly wanted: WantedVector
}
