import { boolean, index, pgTable, real, text, timestamp } from "drizzle-orm/pg-core"
import { tenantPolicy, workspaceId } from "./columns.ts"

/** A typed, directed edge between two aliases: the sum of its evidence. */
export const relationships = pgTable(
  "relationships",
  {
    /** Derived from the next four, so that there is one row of each edge. */
    id: text().primaryKey(),
    workspaceId: workspaceId(),
    type: text().notNull(),
    fromAliasId: text().notNull(),
    toAliasId: text().notNull(),
    confidence: real().notNull(),
    detectedBy: text({ enum: ["rule", "llm", "manual"] }).notNull(),
    /** The earliest time any evidence has for it. */
    since: timestamp({ withTimezone: true }).notNull(),
    /** Null while any evidence says that it holds; else the latest time at which one said it no longer does. */
    until: timestamp({ withTimezone: true }),
    /** False when no live evidence is left. */
    live: boolean().notNull(),
  },
  (t) => [index().on(t.workspaceId, t.fromAliasId), index().on(t.workspaceId, t.toAliasId), tenantPolicy()],
)
