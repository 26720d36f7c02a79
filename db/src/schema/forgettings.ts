import { index, integer, jsonb, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core"
import { tenantPolicy, workspaceId } from "./columns.ts"

/**
 * One thing that an operator had forgotten. What it was is not said: its id derives from the keyed hash. Or what a night removed for
 * its age, whose ids are let go when it is done.
 */
export const forgettings = pgTable(
  "forgettings",
  {
    id: text().primaryKey(),
    workspaceId: workspaceId(),
    kind: text({ enum: ["document", "person", "source", "workspace", "retention"] }).notNull(),
    startedAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    /** Null while some of it is left, as after a kill: the same command goes on where it ended. */
    doneAt: timestamp({ withTimezone: true }),
    /** How many of what were removed, over all its runs. */
    counts: jsonb().$type<Record<string, number>>().notNull().default({}),
  },
  (t) => [index().on(t.workspaceId), tenantPolicy()],
)

/** Ids of what it removed: what its caches are cleared by, and what `--verify` looks for. Ids are hashes and say nothing. */
export const forgottenRefs = pgTable(
  "forgotten_refs",
  {
    forgettingId: text().notNull(),
    workspaceId: workspaceId(),
    kind: text({ enum: ["document", "rewritten", "observation", "entity", "vector", "text", "artifact"] }).notNull(),
    /** Of a vector: version, family, and its id in the index. Of a text: its hash. */
    ref: text().notNull(),
    /** Of a document: its version. */
    version: integer().notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.forgettingId, t.kind, t.ref] }), tenantPolicy()],
)
