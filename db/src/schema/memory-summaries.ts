import { sql } from "drizzle-orm"
import { date, index, jsonb, pgTable, real, text, timestamp } from "drizzle-orm/pg-core"
import { finderPolicy, tenantPolicy, tsvector, workspaceId } from "./columns.ts"

/** What a cluster of observations comes to. It shows to those who may read all of its scopes, while all that it cites is live. */
export const memorySummaries = pgTable(
  "memory_summaries",
  {
    id: text().primaryKey(),
    workspaceId: workspaceId(),
    storeId: text().notNull(),
    /** A person, an entity, or a name that nobody claimed; null for a topic across the store. */
    entityId: text(),
    topic: text({ enum: ["incidents", "decisions", "releases", "goals", "work"] }).notNull(),
    windowKind: text({ enum: ["week", "month", "quarter"] }).notNull(),
    /** Days in UTC; the second is the first day after. */
    windowFrom: date().notNull(),
    windowUntil: date().notNull(),
    /** The private scope it is of; null for what the workspace may read. */
    scopeId: text(),
    title: text().notNull(),
    text: text().notNull(),
    /** `{text, cites}` in order. */
    sentences: jsonb().notNull(),
    citedIds: text().array().notNull(),
    coverage: jsonb().notNull(),
    evidenceIds: text().array().notNull(),
    scopeIds: text().array().notNull(),
    evidenceHash: text().notNull(),
    writer: text().notNull(),
    occurredAt: timestamp({ withTimezone: true }).notNull(),
    importance: real().notNull(),
    writtenAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    search: tsvector().generatedAlwaysAs(sql`to_tsvector('english', title || ' ' || text)`),
  },
  (t) => [
    index().on(t.workspaceId, t.storeId, t.entityId, t.windowFrom),
    index().on(t.workspaceId, t.storeId, t.windowKind, t.windowFrom),
    index("memory_summaries_search").using("gin", t.search),
    tenantPolicy(),
    finderPolicy(),
  ],
)
