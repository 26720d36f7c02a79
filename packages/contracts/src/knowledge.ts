import type { Privacy } from "./draft.ts"
import type { Settling, WantedFetch } from "./fetches.ts"
import type { AliasRef, EntityKind, RelationshipType } from "./graph.ts"
import type {
  AliasId,
  ChunkId,
  ConnectionId,
  DeliveryId,
  DocumentId,
  EmbeddingVersionId,
  EntityId,
  ObservationId,
  ProfileId,
  RelationshipId,
  ScopeId,
  StoreId,
  SummaryId,
} from "./ids.ts"
import type { JsonObject } from "./json.ts"
import type { AccountRow } from "./people.ts"
import type { EmbeddingModel, Lane, VectorMetadata } from "./ports.ts"
import type { Suppression } from "./privacy.ts"
import type { StoredRequest } from "./source.ts"

/** The rows that normalize and persist read and write, and the transaction they do it in. */

/** A delivery a worker has taken. The body is undefined when it has left the row for object storage. */
export interface ClaimedDelivery {
  readonly id: DeliveryId
  readonly connectionId: ConnectionId
  readonly source: string
  readonly event: string
  readonly headers: StoredRequest["headers"]
  readonly body: Uint8Array | undefined
  readonly artifactKey: string | undefined
  readonly receivedAt: number
  /** How often it has been taken, this time included. */
  readonly attempts: number
}

/** What became of a delivery. */
export type DeliveryEnd =
  | { readonly id: DeliveryId; readonly state: "processed" }
  | { readonly id: DeliveryId; readonly state: "skipped" | "parked"; readonly reason: string }

export interface DeliveryDesk {
  /**
   * Takes up to `rowsMax` waiting deliveries of the lane, oldest first, stopping after `bytesMax` of bodies (but never before one).
   * `fresh` ones have never been taken; the others were, and failed or were left behind by a crash: of these only such as are among
   * the oldest that wait.
   * A taken row is nobody else's until `leaseMs` have passed.
   */
  claim(
    lane: Lane,
    which: "fresh" | "again",
    limits: { readonly rowsMax: number; readonly bytesMax: number; readonly leaseMs: number },
  ): Promise<ClaimedDelivery[]>
  /** Ends deliveries that write nothing else: skipped, parked. */
  close(lane: Lane, ends: readonly DeliveryEnd[]): Promise<void>
  /**
   * Gives a delivery back, to be taken again after `afterMs`. Does nothing once its lease has passed and it was taken by another,
   * or replayed.
   */
  release(
    lane: Lane,
    delivery: Pick<ClaimedDelivery, "id" | "attempts">,
    reason: string,
    options: { readonly afterMs: number; readonly as: Released },
  ): Promise<void>
}

/**
 * What a delivery that is given back has had:
 *
 *   untaken       nothing: nobody has tried it
 *   interrupted   no try that counts, since something else was away; but it is taken by itself from now on, as it may be the reason
 *   failed        one of its tries
 */
export type Released = "untaken" | "interrupted" | "failed"

export interface DocumentKeyRow {
  readonly id: DocumentId
  readonly storeId: StoreId
  readonly source: string
  readonly sourceId: string
  readonly aliasId: AliasId
}

/** A document as stored, or as it will be, locked until the transaction ends. */
export interface StoredDocument {
  readonly id: DocumentId
  readonly storeId: StoreId
  readonly source: string
  readonly sourceId: string
  readonly aliasId: AliasId
  readonly version: number
  readonly contentHash: string
  readonly live: boolean
  readonly kind: string
  readonly importance: number
  readonly labels: readonly string[]
  /** core/state's PartState, as JSON. */
  readonly parts: readonly unknown[]
}

export interface DocumentRow extends DocumentKeyRow {
  readonly kind: string
  readonly title: string
  readonly state: string | null
  readonly url: string | null
  readonly scopeId: ScopeId
  readonly authorAliasId: AliasId | null
  readonly occurredAt: Date
  readonly importance: number
  readonly labels: readonly string[]
  readonly metadata: JsonObject
  readonly contentHash: string
  readonly version: number
  /** When the oldest delivery that this version rests on was accepted; cleared once its vectors are written. */
  readonly pendingSince: Date
}

export interface ChunkRow {
  readonly id: ChunkId
  readonly storeId: StoreId
  readonly documentId: DocumentId
  readonly partId: string
  readonly position: number
  readonly section: string
  readonly text: string
  readonly textHash: string
  readonly tokens: number
  readonly occurredAt: Date
  readonly versionFrom: number
}

/** What may change around a chunk whose text stays. */
export type ChunkPlace = Pick<ChunkRow, "id" | "partId" | "position" | "section" | "occurredAt">

export interface ObservationRow {
  readonly id: ObservationId
  readonly storeId: StoreId
  readonly source: string
  readonly class: "moment" | "statement"
  readonly kind: string
  readonly documentId: DocumentId | null
  readonly partId: string | null
  readonly thingAliasId: AliasId
  readonly scopeId: ScopeId
  readonly occurredAt: Date
  readonly title: string | null
  readonly summary: string | null
  readonly text: string
  readonly url: string | null
  readonly importance: number
  readonly tags: readonly string[]
  readonly subjectAliasIds: readonly AliasId[]
  readonly contentHash: string
  readonly live: boolean
}

export interface EvidenceRow {
  readonly relationshipId: RelationshipId
  /** The document or observation that says so. */
  readonly evidenceId: DocumentId | ObservationId
  readonly type: RelationshipType
  readonly fromAliasId: AliasId
  readonly toAliasId: AliasId
  readonly confidence: number
  readonly since: Date
  readonly until: Date | null
  readonly live: boolean
  /** Counts only while an entity that is not deleted goes by this alias. */
  readonly requiresAliasId: AliasId | null
}

/** What the search door answers from. */
export type KnowledgeFamily = "chunks" | "observations" | "summaries"
/** All that is embedded; each has a namespace of its own in every embedding version. */
export const vectorFamilies = ["chunks", "observations", "summaries", "profiles", "memories"] as const
export type VectorFamily = (typeof vectorFamilies)[number]
/** Those of texts: in another model they are the same texts embedded again. Profiles' are computed of others', by consolidation. */
export const textFamilies: readonly VectorFamily[] = vectorFamilies.filter((family) => family !== "profiles")
export type VectorView = "body" | "title" | "summary"

export interface WantedVector {
  readonly storeId: StoreId
  readonly family: Exclude<VectorFamily, "memories">
  readonly refId: ChunkId | ObservationId | SummaryId | ProfileId
  readonly view: VectorView
  readonly embeddingVersionId: EmbeddingVersionId
  readonly textHash: string
  readonly metadata: VectorMetadata
  readonly wantedHash: string
}

export interface EmbeddingVersion {
  readonly id: EmbeddingVersionId
  readonly model: EmbeddingModel
  /**
   * `canary`: filled beside the active one. `archived`: readers were switched away; vectors are still removed from it. `caller`: of
   * vectors that come with memories; nothing is embedded into it.
   */
  readonly status: "active" | "canary" | "archived" | "caller"
  readonly indexName: string
}

/** A document as far as it takes to remove it. */
export interface ScopedDocument {
  readonly storeId: StoreId
  readonly source: string
  readonly sourceId: string
  readonly scopeId: ScopeId
  readonly alias: AliasRef
  readonly parts: readonly { readonly partId: string; readonly kind: string; readonly at: number }[]
}

/** One persist transaction. Every method takes sets and writes rows in sorted order, so that two transactions cannot deadlock. */
export interface KnowledgeWrite {
  /**
   * What was forgotten. To be asked after `lockVersions`: who forgets holds the versions alone, so that no transaction is
   * between having asked and having written.
   */
  suppressions(): Promise<Suppression[]>
  /** Rejects while the workspace is under legal hold, which cannot begin before this transaction ends. For who rewrites to forget. */
  assertNotHeld(): Promise<void>
  /** Has the bytes of these deliveries go, in Postgres now and in object storage soon. */
  forgetBodies(ids: readonly DeliveryId[]): Promise<void>
  /** The versions vectors are wanted in, share-locked: none can be created or activated until this transaction ends. */
  lockVersions(storeId: StoreId): Promise<EmbeddingVersion[]>
  /** Joins them with what is stored, as core/state's `mergeScopes` does. */
  saveScopes(
    rows: readonly {
      id: ScopeId
      source: string
      key: string
      kind: string
      name: string
      nameAt: number
      privacy: Privacy
      at: number
      live: boolean
      liveAt: number
    }[],
  ): Promise<void>
  /** Which of these scopes their source removed, and when (ms). */
  goneScopes(ids: readonly ScopeId[]): Promise<{ id: ScopeId; at: number }[]>
  /** Live documents of these scopes, store by store, with what their parts' last word on being there is (ms). */
  documentsIn(scopeIds: readonly ScopeId[], max: number): Promise<ScopedDocument[]>
  /** Existing states of these entities (core/state's EntityState, as JSON), locked; missing ones are left out. */
  lockEntities(ids: readonly EntityId[]): Promise<{ id: EntityId; state: unknown }[]>
  saveEntities(rows: readonly { id: EntityId; kind: EntityKind; state: object }[]): Promise<void>
  /**
   * Registers aliases. One with an entity claims it: the greater (at, entityId) stands. One without is a stub, and takes nothing
   * away. Comes after the evidence: relationships that wait for one of these aliases are summed again.
   */
  saveAliases(
    rows: readonly { id: AliasId; type: string; value: string; entityId: EntityId | null; at: number }[],
  ): Promise<void>
  /**
   * Locks all, also those that are not there yet, and `besides` of which only something that happened is told: of two batches that
   * speak of one document, the second waits for the first. Returns those of `keys`.
   */
  lockDocuments(keys: readonly DocumentKeyRow[], besides?: readonly DocumentId[]): Promise<StoredDocument[]>
  /** Rows of their own for documents that have nothing to show. */
  addDocuments(keys: readonly DocumentKeyRow[]): Promise<void>
  saveDocuments(rows: readonly DocumentRow[]): Promise<void>
  /** After their documents. */
  saveParts(rows: readonly { documentId: DocumentId; partId: string; state: object }[]): Promise<void>
  /** As if nothing had ever been said of them; what they said elsewhere is for the caller to take back. */
  removeParts(rows: readonly { documentId: DocumentId; partId: string }[]): Promise<void>
  /** Documents that are no longer there: nothing of what was rendered stays in the row. */
  hideDocuments(rows: readonly { id: DocumentId; version: number }[]): Promise<void>
  /** The document's chunks that full text reads, in no order. */
  currentChunks(documentIds: readonly DocumentId[]): Promise<(ChunkPlace & { documentId: DocumentId })[]>
  /** Adds chunks, or brings superseded ones back. */
  saveChunks(rows: readonly ChunkRow[]): Promise<void>
  placeChunks(rows: readonly ChunkPlace[]): Promise<void>
  /** Full text forgets them now; vector search when the newest version is complete. */
  supersedeChunks(rows: readonly { id: string; versionTo: number }[]): Promise<void>
  /** Removes every chunk of these documents and their vectors. */
  removeChunks(documentIds: readonly DocumentId[]): Promise<void>
  /** Of two rows with one id and different content, the greater content hash stands. Returns ids that are new or changed. */
  saveObservations(rows: readonly ObservationRow[]): Promise<ObservationId[]>
  /** Owes the removal of every other view of these observations. */
  keepViews(rows: readonly { storeId: StoreId; refId: string; view: VectorView }[]): Promise<void>
  /** Which of these documents are known and not live. They are locked. */
  goneDocuments(ids: readonly DocumentId[]): Promise<DocumentId[]>
  /** Makes the documents' live statements exactly these; the others are withdrawn with their vectors. */
  keepStatements(documentIds: readonly DocumentId[], keep: readonly ObservationId[]): Promise<void>
  /** Hides or shows again the moments, and the evidence, of documents that were removed or restored. Returns the moments shown again. */
  setMomentsLive(documentIds: readonly DocumentId[], live: boolean): Promise<ObservationRow[]>
  /**
   * Saves what identity reads of these accounts and finds the people anew that this touches. It keeps other batches of the workspace
   * that do the same waiting until this transaction ends, so it comes last.
   */
  saveAccounts(rows: readonly AccountRow[]): Promise<void>
  /**
   * Makes the evidence that `documentIds` give exactly `rows`, adds what moments prove (repeating it changes nothing), and makes
   * relationships the sum of all evidence. Comes after the documents are locked and the moments saved, so that nobody else writes theirs.
   */
  saveEvidence(evidence: {
    readonly documentIds: readonly DocumentId[]
    readonly rows: readonly EvidenceRow[]
    readonly moments: readonly EvidenceRow[]
  }): Promise<void>
  wantVectors(rows: readonly WantedVector[]): Promise<void>
  /** Owes these fetches, unless they were made since. Each waits to settle, so that a burst of events about one thing is one fetch. */
  wantFetches(rows: readonly WantedFetch[], settling: Settling): Promise<void>
  /** Shows the newest version to vector search where no vector of it is owed any more, and lets superseded chunks go. */
  showComplete(documentIds: readonly DocumentId[]): Promise<void>
  linkDeliveries(rows: readonly { documentId: DocumentId; deliveryId: DeliveryId }[]): Promise<void>
  closeDeliveries(ends: readonly DeliveryEnd[]): Promise<void>
}

export interface Knowledge {
  /** One transaction in one workspace, run again from the start on deadlock or serialization failure. */
  write<T>(workspaceId: string, work: (write: KnowledgeWrite) => Promise<T>): Promise<T>
}
