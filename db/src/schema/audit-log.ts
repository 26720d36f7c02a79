import { index, jsonb, pgTable, text, timestamp } from "drizzle-orm/pg-core"
import { tenantPolicy, workspaceId } from "./columns.ts"

/** What operators did, in order; never changed and never removed: a trigger refuses both. */
export const auditLog = pgTable(
  "audit_log",
  {
    id: text().primaryKey(),
    workspaceId: workspaceId(),
    at: timestamp({ withTimezone: true }).notNull(),
    /** Who did it, in their own words. */
    actor: text().notNull(),
    /** `people.link`, `people.unlink`, `people.address`, `people.undo`. */
    action: text().notNull(),
    /** Ids of what it was done to. */
    subjects: text().array().notNull(),
    /** What stood before and after; enough to undo it. */
    detail: jsonb().notNull(),
    /** The entry that this one undoes. */
    undoes: text(),
  },
  (t) => [index().on(t.workspaceId, t.at), tenantPolicy()],
)
