import { z } from "zod"
import { isTime } from "./time.ts"

/**
 * The memory-plugin contract, version 1: what goes over the wire, each shape with its reason for refusing. Each list says how many
 * it may have at most: zod does not look into a longer one, where each of millions would have its own reason.
 */

/** The most characters of one memory, and of what is given along as JSON. Full text reads the first 200,000, an embedder the first 8,000. */
export const contentCharsMax = 1_000_000
/** As many as the widest vector service takes. */
export const dimensionMax = 20_000
/** Namespaces of one search. */
export const namespacesMax = 1_000
/** Kinds of one search, of which there are three. */
const kindsMax = 100
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

export const NamespaceKind = oneOf(["workspace", "team", "org", "custom"])
export type NamespaceKind = z.infer<typeof NamespaceKind>
export const MemoryKind = oneOf(["fact", "summary", "checkpoint"])
export type MemoryKind = z.infer<typeof MemoryKind>
export const MemorySource = oneOf(["agent", "runtime", "user"])
export type MemorySource = z.infer<typeof MemorySource>

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
    kinds: optional(
      z
        .array(MemoryKind, { error: "must be a list of kinds" })
        .max(kindsMax, { error: `must name at most ${kindsMax} kinds` }),
    ),
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
