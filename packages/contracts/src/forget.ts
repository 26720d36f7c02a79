import type { AliasRef } from "./graph.ts"
import type { AliasId, DocumentId, EntityId, StoreId } from "./ids.ts"
import type { ObservationRow } from "./knowledge.ts"
import type { Lane } from "./ports.ts"
import type { Suppression } from "./privacy.ts"

/**
 * The rows that forgetting reads and removes. Each method is one transaction, and doing it again does nothing more. Those that
 * remove or rewrite reject (`legal_hold`) while the workspace is under legal hold.
 */

export const forgettingKinds = ["document", "person", "source", "workspace"] as const
export type ForgettingKind = (typeof forgettingKinds)[number]

export interface NamedDocument {
  readonly id: DocumentId
  readonly storeId: StoreId
  readonly source: string
  readonly sourceId: string
  readonly alias: AliasRef
}

/** An account, or several of one person, with all that they go by. */
export interface NamedPerson {
  readonly entityIds: readonly EntityId[]
  readonly aliasIds: readonly AliasId[]
  readonly aliases: readonly AliasRef[]
  /** Names and addresses out of their fields. */
  readonly names: readonly string[]
}

/** What a person is looked for by in what is written: words, and ids of parts that are theirs, all in lower case. */
export interface Sought {
  readonly words: readonly string[]
  readonly partIds: readonly string[]
}

/** How many of what. */
export type ForgetCounts = { readonly [what: string]: number }

/** What is removed together: some documents, or all of a source or of the workspace. */
export type ForgetScope =
  | { readonly documents: readonly DocumentId[] }
  | { readonly source: string }
  | { readonly everything: true }

export interface VectorRef {
  readonly index: string
  readonly versionId: string
  readonly family: string
  readonly id: string
}

export interface ForgetLedger {
  /** Documents of that id, URL or `source:sourceId`. */
  documentsNamed(workspaceId: string, name: string): Promise<NamedDocument[]>
  /** Whose alias it is: `github:login:octocat`, or its value alone where only one account has it. */
  personNamed(workspaceId: string, alias: string): Promise<NamedPerson | undefined>
  /** What there is to remove, by table. */
  census(workspaceId: string, scope: ForgetScope): Promise<ForgetCounts>
  /**
   * From here on nothing of it comes back: waits for every transaction that writes knowledge of the workspace, so that none
   * is between having asked what is forgotten and having written. Of a whole workspace the memory namespaces end. Says whether it had been begun before.
   */
  begin(
    workspaceId: string,
    forgetting: {
      readonly id: string
      readonly kind: ForgettingKind
      readonly suppressions: readonly Suppression[]
      readonly documents: readonly DocumentId[]
      readonly actor: string
    },
  ): Promise<{ readonly resumed: boolean }>
  /** Processed deliveries that cannot be read again, since their bytes were not kept. */
  withoutBytes(workspaceId: string, scope: ForgetScope): Promise<number>
  /** Some documents of the scope that are still there. */
  nextDocuments(workspaceId: string, scope: ForgetScope, max: number): Promise<DocumentId[]>
  /**
   * Removes documents with all that rests on them, owes the removal of their vectors, and has the bytes of every delivery that
   * fed them go; with `replay` those deliveries keep theirs.
   */
  removeDocuments(
    workspaceId: string,
    forgettingId: string,
    documentIds: readonly DocumentId[],
    options: { readonly replay: boolean },
  ): Promise<ForgetCounts>
  /** Some memories of a workspace that is forgotten as a whole, and the removal of their vectors owed; nothing once all are gone. */
  removeMemories(workspaceId: string, forgettingId: string, max: number): Promise<ForgetCounts>
  /**
   * What a source or a workspace has beside documents: moments of no document, entities, aliases, scopes, deliveries,
   * doors. With `replay` its deliveries are received again.
   */
  removeRest(
    workspaceId: string,
    forgettingId: string,
    scope: ForgetScope,
    options: { readonly replay: boolean },
  ): Promise<ForgetCounts>

  /** Documents whose parts hold one of the words, or are the person's; `after` is the last one seen. */
  documentsHolding(workspaceId: string, sought: Sought, after: string, max: number): Promise<DocumentId[]>
  documentKeys(workspaceId: string, ids: readonly DocumentId[]): Promise<NamedDocument[]>
  /** Removes, of rewritten documents, the passages and statements that are no longer said, which otherwise stay for a while. */
  dropSuperseded(workspaceId: string, forgettingId: string): Promise<void>
  /** Moments that hold one of the words or are about one of the aliases. */
  momentsHolding(
    workspaceId: string,
    words: readonly string[],
    aliasIds: readonly AliasId[],
    after: string,
    max: number,
  ): Promise<ObservationRow[]>
  /** Remembers the texts that these observations' vectors are of. */
  noteTexts(workspaceId: string, forgettingId: string, observationIds: readonly string[]): Promise<void>
  /** With it go the summaries and profiles that rest on what they said. */
  saveMoments(workspaceId: string, forgettingId: string, rows: readonly ObservationRow[]): Promise<void>
  /** Entities other than these whose fields hold one of the words. */
  entitiesHolding(
    workspaceId: string,
    words: readonly string[],
  ): Promise<{ readonly id: EntityId; readonly state: unknown }[]>
  saveEntityStates(
    workspaceId: string,
    rows: readonly { readonly id: EntityId; readonly state: unknown }[],
  ): Promise<void>
  /** Canonical queries that hold one of the words. */
  removeQueriesHolding(workspaceId: string, words: readonly string[]): Promise<ForgetCounts>
  /** The accounts themselves, their names, and every edge from or to them. Last, since they are what the rest is found by. */
  removePerson(workspaceId: string, forgettingId: string, person: NamedPerson): Promise<ForgetCounts>
  /** Deliveries whose bytes there still are, oldest first. */
  deliveriesWithBytes(
    workspaceId: string,
    after: string,
    max: number,
  ): Promise<{ readonly id: string; readonly body: Uint8Array | null; readonly artifactKey: string | null }[]>
  forgetBodies(workspaceId: string, forgettingId: string, deliveryIds: readonly string[]): Promise<void>

  /** Keys of objects whose bytes are to go. */
  owedArtifacts(workspaceId: string, max: number): Promise<{ readonly id: string; readonly artifactKey: string }[]>
  artifactsRemoved(
    workspaceId: string,
    rows: readonly { readonly id: string; readonly artifactKey: string }[],
  ): Promise<void>
  /** Removes values that no wanted vector is of, also those of texts that were replaced before. */
  dropOrphanValues(workspaceId: string): Promise<number>
  finish(workspaceId: string, forgettingId: string, counts: ForgetCounts): Promise<void>
  forgetting(
    workspaceId: string,
    id: string,
  ): Promise<
    | {
        readonly kind: ForgettingKind
        readonly startedAt: Date
        readonly doneAt: Date | null
        readonly counts: ForgetCounts
      }
    | undefined
  >
  /** Remembers documents that are about to be rewritten, by their version, for their caches. */
  noteRewritten(workspaceId: string, forgettingId: string, ids: readonly DocumentId[]): Promise<void>
  /** Removed and rewritten ones. */
  touchedDocuments(
    workspaceId: string,
    forgettingId: string,
  ): Promise<{ readonly id: DocumentId; readonly version: number }[]>
  forgottenVectors(workspaceId: string, forgettingId: string): Promise<VectorRef[]>
  forgottenArtifacts(workspaceId: string, forgettingId: string): Promise<string[]>
  /** Rows that are still there of what was removed, by table. */
  left(workspaceId: string, forgettingId: string, scope: ForgetScope | undefined): Promise<ForgetCounts>
  /** Rows in which one of the words stands as a word, or that are of the person's parts, by table. */
  wordsLeft(workspaceId: string, sought: Sought): Promise<ForgetCounts>
  lanes(workspaceId: string): Promise<Omit<Lane, "stage">[]>
}
