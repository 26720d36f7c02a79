import { z } from "zod"
import type { EmbeddingVersion } from "./knowledge.ts"
import { isTime } from "./time.ts"

/** The memory-plugin contract, version 1: what goes over the wire, each shape with its reason for refusing. */

/** The most characters of one memory, and of what is given along as JSON. Full text reads the first 200,000, an embedder the first 8,000. */
export const contentCharsMax = 1_000_000
/** As many as the widest vector service takes. */
export const dimensionMax = 20_000
/** Namespaces of one search. */
export const namespacesMax = 1_000
/** Of a longer query the rest says nothing new. */
export const queryCharsMax = 4_000

/** An optional field may be left out or null. */
const optional = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => (value === null ? undefined : value) as z.output<Schema> | undefined)

const oneOf = <const Words extends readonly string[]>(words: Words) =>
  z.enum(words, { error: `must be one of ${words.join(", ")}` })

const anObject = () => z.looseObject({}, { error: "must be a JSON object" })

/** With seconds and a zone, as RFC 3339 has it; its letters may be small. */
const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/
const datetime = z.iso.datetime({ offset: true })

const Time = z
  .string({ error: "must be a time as RFC 3339 has it, as a string" })
  .refine((text) => rfc3339.test(text) && datetime.safeParse(text.toUpperCase()).success, {
    error:
      "must be a time as RFC 3339 has it, with seconds and a zone: 2026-05-04T09:08:28-07:00 or 2026-05-04T16:08:28Z",
  })
  .meta({ format: "date-time" })
  .transform((text) => new Date(text.toUpperCase()))
  .refine((time) => isTime(time.getTime()), {
    error: "must be within the years 0001 to 9999 in UTC, or no answer could tell it as RFC 3339 has it",
  })

export const NamespaceName = z
  .string({ error: "must be a string" })
  .min(1, { error: "must not be empty" })
  .max(256, { error: "must have at most 256 characters" })
  .regex(/^[a-z]+:[A-Za-z0-9_:.-]+$/, {
    error: "must be lowercase letters, a colon, then letters, digits or any of _ : . - (workspace:7b1c)",
  })

/** Any UUID; upper and lower case name the same one. */
export const MemoryUuid = z.guid({ error: "must be a UUID" }).transform((id) => id.toLowerCase())

const Embedding = z
  .array(z.number({ error: "must be a finite number" }), { error: "must be a list of numbers" })
  .min(1, { error: "must have at least one number" })
  .max(dimensionMax, { error: `must have at most ${dimensionMax} numbers` })
  .refine((values) => values.some((value) => value !== 0), { error: "must not be all zeros: it has no direction" })

const NamespaceKind = oneOf(["workspace", "team", "org", "custom"])
const MemoryKind = oneOf(["fact", "summary", "checkpoint"])
const MemorySource = oneOf(["agent", "runtime", "user"])

export const NamespacePut = z.object(
  { kind: NamespaceKind, expires_at: optional(Time), metadata: optional(anObject()) },
  { error: "must be a JSON object" },
)

/** Null says nothing, as everywhere in the contract: an expiry is taken away by PUT. */
export const NamespacePatch = z
  .object({ expires_at: optional(Time), metadata: optional(anObject()) }, { error: "must be a JSON object" })
  .refine(({ expires_at, metadata }) => expires_at !== undefined || metadata !== undefined, {
    error: "must have expires_at or metadata, or both",
  })
  .meta({ minProperties: 1 })

const Content = z
  .string({ error: "must be a string" })
  .max(contentCharsMax, { error: `must have at most ${contentCharsMax} characters` })
  .refine((text) => text.trim() !== "", { error: "must not be blank" })
  .refine((text) => !text.includes("\0"), { error: "must not contain U+0000, which no database text can hold" })
  .refine((text) => text.isWellFormed(), { error: "must be well-formed Unicode: it has half of a surrogate pair" })

export const MemoryWrite = z.object(
  {
    id: optional(MemoryUuid),
    content: Content,
    kind: MemoryKind,
    source: MemorySource,
    expires_at: optional(Time),
    propagation: optional(anObject()),
    pin: optional(z.boolean({ error: "must be true or false" })),
    embedding: optional(Embedding),
  },
  { error: "must be a JSON object" },
)

const limitWords = "must be a whole number from 1 to 100, or 0 for 20"

export const MemorySearch = z.object(
  {
    namespaces: z
      .array(NamespaceName, { error: "must be a list of namespace names" })
      .min(1, { error: "must name at least one namespace" })
      .max(namespacesMax, { error: `must name at most ${namespacesMax} namespaces` }),
    query: optional(z.string({ error: "must be a string" })),
    kinds: optional(z.array(MemoryKind, { error: "must be a list of kinds" })),
    limit: optional(z.int({ error: limitWords }).min(0, { error: limitWords }).max(100, { error: limitWords })),
    embedding: optional(Embedding),
  },
  { error: "must be a JSON object" },
)

export const MemoryDelete = z.object({ requested_by_namespace: NamespaceName }, { error: "must be a JSON object" })

const timeOut = () => z.iso.datetime({ offset: true })

/** What is answered; times in UTC, fields without a value left out. */
export const NamespaceAnswer = z.strictObject({
  name: NamespaceName,
  kind: NamespaceKind,
  expires_at: timeOut().optional(),
  metadata: anObject().optional(),
  created_at: timeOut(),
})

export const MemoryAnswer = z.strictObject({
  id: z.guid(),
  namespace: NamespaceName,
  content: z.string(),
  kind: MemoryKind,
  source: MemorySource,
  expires_at: timeOut().optional(),
  propagation: anObject().optional(),
  pin: z.boolean().optional(),
  created_at: timeOut(),
  score: z.number().optional(),
})

export const WrittenAnswer = z.strictObject({ id: z.guid(), namespace: NamespaceName })
export const FoundAnswer = z.strictObject({ memories: z.array(MemoryAnswer) })

export const failureCodes = ["bad_request", "not_found", "forbidden", "internal", "unavailable"] as const
export type FailureCode = (typeof failureCodes)[number]

export const FailureAnswer = z.strictObject({
  code: z.enum(failureCodes),
  message: z.string(),
  details: z.unknown().optional(),
})

export const capabilities = ["embedding", "fts", "ttl", "pin", "propagation"] as const

export const HealthAnswer = z.strictObject({
  status: z.enum(["ok", "degraded"]),
  version: z.literal("1.0.0"),
  capabilities: z.array(z.enum(capabilities)),
  code: z.enum(failureCodes).optional(),
  message: z.string().optional(),
})

/** Where one plugin instance keeps what it is given. */
export interface MemoryPlace {
  readonly workspaceId: string
  readonly storeId: string
}

export interface NamespaceRow {
  readonly name: string
  readonly kind: z.infer<typeof NamespaceKind>
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
  readonly kind: z.infer<typeof MemoryKind>
  readonly source: z.infer<typeof MemorySource>
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
