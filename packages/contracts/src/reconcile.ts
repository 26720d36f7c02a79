import type { EmbeddingVersionId, StoreId } from "./ids.ts"
import type { EmbeddingVersion, VectorFamily, VectorView } from "./knowledge.ts"

/** One namespace of a store's index: the vectors of one family in one embedding version. */
export interface VectorSpace {
  readonly workspaceId: string
  readonly storeId: StoreId
  readonly versionId: EmbeddingVersionId
  readonly family: VectorFamily
}

export interface VectorKey {
  readonly refId: string
  readonly view: VectorView
}

/** What Postgres says of one vector; see db's vector_entries for the states of a row. */
export interface VectorEntry extends VectorKey {
  readonly wantedHash: string | null
  readonly writtenHash: string | null
  readonly writtenAt: Date | null
  readonly removedAt: Date | null
  readonly isParked: boolean
}

/** What Postgres believes of a workspace's indexes, and how its belief is taken back. The lanes do the rest. */
export interface VectorBeliefs {
  stores(workspaceId: string): Promise<{ readonly storeId: StoreId; readonly name: string }[]>
  /** Those that lanes write to: active, canary and the callers'. */
  versions(workspaceId: string, storeId: string): Promise<EmbeddingVersion[]>
  /** A page of rows in the order of their keys, of those after `after`. */
  entries(space: VectorSpace, after: VectorKey | undefined, max: number): Promise<VectorEntry[]>
  /** The rows of these keys; keys without a row are left out. */
  entriesOf(space: VectorSpace, keys: readonly VectorKey[]): Promise<VectorEntry[]>
  /** Owes the writing of vectors that were believed written before then and are still wanted so. Returns how many. */
  oweWriting(space: VectorSpace, keys: readonly VectorKey[], before: Date): Promise<number>
  /** Owes the removal of vectors without a row, and of those removed before then. Returns how many. */
  oweRemoval(space: VectorSpace, keys: readonly VectorKey[], before: Date): Promise<number>
}

/** An object that deliveries of a workspace believe their bytes are in. */
export interface KnownArtifact {
  readonly key: string
  readonly bodyHash: string
  readonly bytes: number
  readonly deliveries: readonly { readonly id: string; readonly storeId: string }[]
  /** All of them are forgotten: the object is on its way out. */
  readonly isForgotten: boolean
}

export interface ArtifactBeliefs {
  /** A page in the order of the keys' bytes, of those after `after`. */
  artifacts(workspaceId: string, after: string, max: number): Promise<KnownArtifact[]>
  artifact(workspaceId: string, key: string): Promise<KnownArtifact | undefined>
  /** The body with this hash, from any delivery that still has it in its row. */
  body(workspaceId: string, bodyHash: string): Promise<Uint8Array | undefined>
  /** What rests on these deliveries. */
  documentsOf(workspaceId: string, deliveryIds: readonly string[]): Promise<string[]>
}

/** How far a version's namespaces have been filled again since they were emptied. */
export interface Refill {
  readonly emptiedAt: Date | null
  /** Vectors written before that and not since. */
  readonly left: number
}

/** For filling an index anew from the values that Postgres keeps. */
export interface RebuildLedger {
  refill(space: Omit<VectorSpace, "family">): Promise<Refill>
  /** Owes the writing of up to `max` vectors after `after` that are believed written; the last key looked at, if there may be more. */
  oweAll(space: VectorSpace, after: VectorKey | undefined, max: number): Promise<VectorKey | undefined>
  /** Notes that the version's namespaces are empty as of now. */
  emptied(space: Omit<VectorSpace, "family">): Promise<void>
}

/** How many vectors of one space were looked at, and how they stand. */
export interface VectorsReconciled {
  readonly storeId: string
  readonly store: string
  readonly versionId: string
  readonly model: string
  readonly family: VectorFamily
  readonly looked: number
  /** Believed written, and not there. */
  readonly missing: number
  /** There, and written as something else. */
  readonly stale: number
  /** There, and not wanted. */
  readonly orphaned: number
  /** Not judged: written or removed too lately, owed to the index anyway, or refused by the embedder. */
  readonly fresh: number
  readonly owed: number
  readonly parked: number
  /** Of the findings, those owed to the lane now. */
  readonly repaired: number
  /** The first findings. */
  readonly examples: readonly { readonly what: "missing" | "stale" | "orphaned"; readonly id: string }[]
}

export interface LostArtifact {
  readonly what: "missing" | "damaged"
  readonly key: string
  readonly deliveries: readonly string[]
  readonly documents: readonly string[]
}

export interface ArtifactsReconciled {
  readonly looked: number
  /** How many of them were read to the end. */
  readonly read: number
  readonly missing: number
  /** Of another length or, where they were read, another hash. */
  readonly damaged: number
  /** No delivery knows of them. */
  readonly orphaned: number
  /** No delivery knows of them yet; too young to be judged. */
  readonly fresh: number
  /** Missing and damaged ones put back from a row that had the bytes. */
  readonly restored: number
  /** Orphans removed. */
  readonly removed: number
  /** The first that could not be restored, or were only looked at. */
  readonly lost: readonly LostArtifact[]
  /** The first orphans left. */
  readonly orphans: readonly string[]
}

export interface Reconciled {
  readonly workspaceId: string
  readonly repair: boolean
  readonly vectors: readonly VectorsReconciled[]
  readonly artifacts: ArtifactsReconciled
  /** Missing, stale, damaged and orphaned ones in all, and how many of them were repaired. */
  readonly findings: number
  readonly repaired: number
}
