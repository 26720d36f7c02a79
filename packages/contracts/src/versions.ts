import type { EmbeddingVersionId } from "./ids.ts"
import type { EmbeddingVersion, VectorFamily, VectorView } from "./knowledge.ts"
import type { EmbeddingModel, Lane } from "./ports.ts"

/** The embedding versions of stores: how a new one comes beside the old, takes its place, and how the old one goes. */

export type StorePlace = Omit<Lane, "stage">

export interface StoredVersion extends StorePlace {
  readonly id: EmbeddingVersionId
  readonly model: EmbeddingModel
  /** `dropping`: its grace period is over and what is left of it goes. */
  readonly status: EmbeddingVersion["status"] | "dropping"
  readonly indexName: string
  readonly createdAt: Date
  readonly archivedAt: Date | null
}

/** The vectors of one family in one version. */
export interface FamilyState {
  readonly family: VectorFamily
  readonly wanted: number
  /** Wanted, and in the index as wanted. */
  readonly written: number
  readonly owed: number
  readonly parked: number
}

/** What two versions of a store do not agree on. */
export interface VersionDifference {
  /** Wanted in the first and not in the second, or otherwise. */
  readonly missing: number
  /** Wanted in the second alone. */
  readonly extra: number
  /** Refused by the second's embedder alone. */
  readonly refused: number
}

/** A vector's place in the order of a store's vectors. */
export interface VectorKey {
  readonly family: VectorFamily
  readonly refId: string
  readonly view: VectorView
}

export interface KnownVector extends VectorKey {
  readonly values: Float32Array
}

export interface VersionLedger {
  /** Of one store, or of all stores of the workspace, oldest first. */
  list(place: { readonly workspaceId: string; readonly storeId?: string }): Promise<StoredVersion[]>
  /**
   * Puts the version beside the store's active one: whoever writes vectors from now on wants them in both, and whoever began to write
   * before has finished. Made already, or archived and not dropped yet, it is taken up again. `Rejected`: `no_version`,
   * `already_active`, `another_canary`, `being_dropped`.
   */
  create(place: StorePlace, version: Omit<EmbeddingVersion, "status">): Promise<{ readonly begun: "new" | "again" }>
  /**
   * Wants in `to` what is wanted in `from`, for the next `max` vectors after `after`. What changes meanwhile ends the same in both.
   * `last` is undefined when there are no more.
   */
  copy(
    place: StorePlace,
    versions: { readonly from: EmbeddingVersionId; readonly to: EmbeddingVersionId },
    page: { readonly after: VectorKey | undefined; readonly max: number },
  ): Promise<{ readonly seen: number; readonly copied: number; readonly last: VectorKey | undefined }>
  /** How many vectors the version is owed. */
  owed(place: StorePlace, versionId: EmbeddingVersionId): Promise<number>
  state(place: StorePlace, versionId: EmbeddingVersionId): Promise<FamilyState[]>
  difference(
    place: StorePlace,
    versions: { readonly from: EmbeddingVersionId; readonly to: EmbeddingVersionId },
  ): Promise<VersionDifference>
  /** Up to `max` written vectors of a family, at random. */
  sample(place: StorePlace, version: StoredVersion, family: VectorFamily, max: number): Promise<KnownVector[]>
  /** What Postgres says the time is. */
  now(place: StorePlace): Promise<Date>
  /** Vectors of a family that were written up to `until` and not changed since, in the order of their keys. */
  scan(
    place: StorePlace,
    version: StoredVersion,
    family: VectorFamily,
    page: { readonly after: VectorKey | undefined; readonly max: number; readonly until: Date },
  ): Promise<KnownVector[]>
  /** How many of these were written up to `until` and not changed since. */
  unchanged(place: StorePlace, version: StoredVersion, keys: readonly VectorKey[], until: Date): Promise<number>
  /**
   * Makes the canary the active version and archives the one before, in one transaction, unless something is owed in it. Nobody else
   * writes knowledge of the store meanwhile; `settle` is called, for at most `holdMaxMs`, to write what is still owed. Documents that
   * are complete in the new version are shown. Returns what is owed still: 0 when it was done. `Rejected("not_canary")`.
   */
  activate(
    place: StorePlace,
    versionId: EmbeddingVersionId,
    options: { readonly settle: () => Promise<unknown>; readonly holdMaxMs: number },
  ): Promise<number>
  /** Archives the store's canary; undefined when it has none. */
  abandon(place: StorePlace): Promise<StoredVersion | undefined>
  /** Archived versions of the workspace whose readers left before `before`, and those whose dropping was begun. */
  due(workspaceId: string, before: Date): Promise<StoredVersion[]>
  /** Nobody writes to it, reads it or takes it up again from here on; false when it is not archived any more. */
  beginDrop(version: StoredVersion): Promise<boolean>
  /** Removes up to `max` of its entries; returns how many. */
  dropEntries(version: StoredVersion, max: number): Promise<number>
  /** Runs `work` while no version of the store can be made. `shared`: another version has vectors in the same index. */
  withIndex(version: StoredVersion, work: (shared: boolean) => Promise<void>): Promise<void>
  /** Removes up to `max` values of its model, unless another version in the workspace is of it; returns how many. */
  dropValues(version: StoredVersion, max: number): Promise<number>
  endDrop(version: StoredVersion): Promise<void>
  /** Owes again what a version's embedder refused, if it was not asked `attemptsMax` times since the text changed; returns how many. */
  retryParked(version: StoredVersion, attemptsMax: number): Promise<number>
  /** Owes again written vectors whose values are not known any more, the next `max` in order of their keys. */
  oweValueless(
    version: StoredVersion,
    page: { readonly after: VectorKey | undefined; readonly max: number },
  ): Promise<{ readonly owed: number; readonly last: VectorKey | undefined }>
}
