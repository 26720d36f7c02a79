import type { EmbeddingVersion } from "./knowledge.ts"
import type { MemoryKind, MemorySource, NamespaceKind } from "./memories.ts"

/** Where one plugin instance keeps what it is given. */
export interface MemoryPlace {
  readonly workspaceId: string
  readonly storeId: string
}

export interface NamespaceRow {
  readonly name: string
  readonly kind: NamespaceKind
  readonly expiresAt: Date | null
  /** JSON text. */
  readonly metadata: string | null
  readonly createdAt: Date
}

/** A memory to be written; the id is new, or that of the memory it replaces. */
export interface NewMemory {
  readonly id: string
  readonly namespace: string
  readonly content: string
  readonly kind: MemoryKind
  readonly source: MemorySource
  readonly expiresAt: Date | null
  /** JSON text. */
  readonly propagation: string | null
  readonly pin: boolean | null
  /** Brought by the writer, of unit length. */
  readonly embedding: Float32Array | null
}

export type WriteEnd = "written" | "no_namespace"

export interface MemoryRow {
  readonly id: string
  readonly namespace: string
  readonly content: string
  readonly kind: string
  readonly source: string
  readonly expiresAt: Date | null
  readonly propagation: string | null
  readonly pin: boolean | null
  readonly createdAt: Date
}

/** A memory's place in a list. */
export interface RankedMemory extends Pick<MemoryRow, "id" | "pin" | "createdAt"> {
  /** Within its list: text rank, or cosine similarity. */
  readonly rank: number
  /** Of those that may well be answered; what the others say is read once they are known to be. */
  readonly row?: MemoryRow
}

/** The namespaces, by name, and kinds that a search may answer from. */
export interface MemoryFilter {
  readonly namespaces: readonly string[]
  readonly kinds: readonly string[] | undefined
}

/** What the index said, by vector id. */
export type IndexHits = readonly { readonly id: string; readonly score: number }[]

/** What is sought by words: `words` of the query, any of them, or the whole of it as a `substring`. */
export interface TextQuestion {
  readonly query: string
  readonly by: "words" | "substring"
}

/** What is sought by vector, in one version. */
export interface NearQuestion {
  readonly version: EmbeddingVersion
  readonly values: Float32Array
  /** undefined while the index is away: then all is compared exactly. */
  readonly indexed: IndexHits | undefined
  /** What was written to the index in this time may be missing from `indexed`. It grows, so it is asked for when a statement is sent. */
  trailsMs(): number
  readonly exactMax: number
  readonly scoreMin: number
}

export interface FoundLists {
  /** Best first, as the other list is. */
  readonly byText: readonly RankedMemory[]
  /** The query has no words to search for: only stop words, operators, emoji. */
  readonly wordless: boolean
  readonly byVector: readonly RankedMemory[]
  /** Whether the version that was thought to be empty is. */
  readonly isEmpty: boolean
  /** Memories of these namespaces whose vector is wanted and has no values yet: how near they are nobody knows. */
  readonly unknown: ReadonlySet<string>
  /** The lives that the namespaces have now; the index must have been asked about these. */
  readonly lives: readonly string[]
  /** The moment they are of, for `read`. */
  readonly asOf: string
}

/** The plugin's side of Postgres. Everything read is live at that moment: neither expired, nor of an ended namespace. */
export interface MemoryLedger {
  putNamespace(
    place: MemoryPlace,
    namespace: Pick<NamespaceRow, "name" | "kind" | "expiresAt" | "metadata">,
  ): Promise<NamespaceRow>
  /** Changes what is given; undefined when there is no such namespace. */
  patchNamespace(
    place: MemoryPlace,
    name: string,
    change: { readonly expiresAt?: Date; readonly metadata?: string },
  ): Promise<NamespaceRow | undefined>
  /** Ends the namespace and with it every memory in it, at once; the janitor removes them. False when there is none. */
  endNamespace(place: MemoryPlace, name: string): Promise<boolean>

  /**
   * Writes those whose id is new, and leaves alone what is there, in one transaction. Durable when it resolves. A vector is owed for
   * each. Of two with one id the later stands.
   */
  add(place: MemoryPlace, memories: readonly NewMemory[]): Promise<(WriteEnd | "there")[]>
  /** The same for any id, new or not: whatever vector it had before is owed its removal. */
  write(place: MemoryPlace, memories: readonly NewMemory[]): Promise<WriteEnd[]>
  remove(place: MemoryPlace, id: string, namespace: string): Promise<"removed" | "not_found" | "of_another_namespace">

  /**
   * Writes the first memory that brings a vector, and makes the version of such vectors, of its dimension, in one transaction: there
   * are both or neither. Writes nothing when there is such a version.
   */
  writeFirst(
    place: MemoryPlace,
    memory: NewMemory,
    version: Omit<EmbeddingVersion, "status">,
  ): Promise<WriteEnd | "not_first">
  callerVersion(place: MemoryPlace): Promise<EmbeddingVersion | undefined>
  /** As it was at most some seconds ago. */
  activeVersion(place: MemoryPlace): Promise<EmbeddingVersion | undefined>

  /** Whether it was ever seen that memories of this store have vectors in this version, or wait for them. */
  hasVectors(place: MemoryPlace, version: EmbeddingVersion): boolean
  /**
   * The lives of the live ones among these names as they were last seen, so that only names that were not are asked about: what a
   * search begins with, and `lists` corrects.
   */
  livesSeen(place: MemoryPlace, names: readonly string[]): Promise<string[]>
  newest(place: MemoryPlace, filter: MemoryFilter, max: number): Promise<MemoryRow[]>
  /**
   * The best `max` by text, and the `max` nearest: what the index found, checked for being still so, and what the index does not show
   * yet (the newest `exactMax`), compared exactly; not below `scoreMin`. Both as they were at one moment, in one round trip, which
   * questions that come at once may share. At least one is asked for. The best `rows` by both come with their rows, as far as the index is
   * believed.
   */
  lists(
    place: MemoryPlace,
    filter: MemoryFilter,
    question: {
      readonly text?: TextQuestion
      readonly near?: NearQuestion
      /** Instead of `near`: a version that holds no vectors of memories, as far as is known. */
      readonly emptyVersion?: EmbeddingVersion
      readonly max: number
      readonly rows: number
    },
  ): Promise<FoundLists>
  /** Those of these ids that the filter lets through now and that nobody has written since `asOf`, in no order. */
  read(place: MemoryPlace, filter: MemoryFilter, ids: readonly string[], asOf: string): Promise<MemoryRow[]>
}

/** Removes what is over: expired memories, and all memories of expired or deleted namespaces, with what hangs on them. */
export interface MemoryJanitor {
  /** One round, in short transactions. Returns how many memories went. */
  clean(): Promise<number>
}
