import { z } from "zod"
import { privacies } from "./draft.ts"
import { isTime } from "./time.ts"

/** Values of one envelope, those within its metadata included; an empty array or object counts as two. More is text, and belongs into `body`. */
export const valuesMax = 10_000

/** A document of any system, as `POST /v1/events` takes it: the whole current state of one thing, or its removal. */
export const SourceEventEnvelope = z.strictObject({
  /** The sender's id of this event; a repeat of it is answered as a duplicate. */
  idempotencyKey: z.string().min(1).max(255),
  /** Which system it comes from, in the sender's words: `jira`, `runbooks`. */
  source: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
  /** That system's id of the thing; events of one thing share it. */
  sourceId: z.string().min(1).max(512),
  kind: z.string().regex(/^[a-z][a-z0-9_-]{0,39}$/),
  /** When it happened or was last changed there. A later time wins. */
  occurredAt: z.iso
    .datetime({ offset: true })
    .refine((text) => isTime(Date.parse(text)), { error: "must be of the years 1 to 9999, in UTC" }),
  action: z.enum(["upsert", "remove"]).default("upsert"),
  title: z.string().max(500).default(""),
  /** Markdown. */
  body: z.string().default(""),
  url: z.url().optional(),
  /** Its id is as long at most as `sourceId`: both are in indexes, where a row of Postgres may have 2,704 bytes, and a character has up to 3. */
  author: z.strictObject({ id: z.string().min(1).max(512), name: z.string().optional() }).optional(),
  labels: z.array(z.string().max(100)).max(100).default([]),
  /** What its privacy belongs to; left out, the whole workspace may read it. */
  scope: z
    .strictObject({ id: z.string().min(1).max(255), name: z.string().optional(), privacy: z.enum(privacies) })
    .optional(),
  /** The whole envelope is nested 500 levels deep at most (`nestingMax`) and has 10,000 values (`valuesMax`): the door refuses more. */
  metadata: z.record(z.string(), z.json()).default({}),
})
export type SourceEventEnvelope = z.infer<typeof SourceEventEnvelope>

/** The same where it has just been parsed: what metadata holds is JSON then, and to look at each value again took 2 µs. */
export const ParsedEnvelope = SourceEventEnvelope.extend({ metadata: z.record(z.string(), z.unknown()).default({}) })
