import { sql } from "drizzle-orm"
import { boolean, index, pgTable, real, text, timestamp } from "drizzle-orm/pg-core"
import { finderPolicy, tenantPolicy, tsvector, workspaceId } from "./columns.ts"

/**
 * What is worth remembering. A `moment` belongs to one event and stays; a `statement` belongs to a part's current
 * text and goes when that text no longer says it. Rows of a removed document are kept but not live.
 */
export const memoryObservations = pgTable(
  "memory_observations",
  {
    id: text().primaryKey(),
    workspaceId: workspaceId(),
    storeId: text().notNull(),
    source: text().notNull(),
    class: text({ enum: ["moment", "statement"] }).notNull(),
    kind: text().notNull(),
    documentId: text(),
    partId: text(),
    thingAliasId: text().notNull(),
    scopeId: text().notNull(),
    occurredAt: timestamp({ withTimezone: true }).notNull(),
    title: text(),
    summary: text(),
    text: text().notNull(),
    url: text(),
    importance: real().notNull(),
    tags: text().array().notNull(),
    subjectAliasIds: text().array().notNull(),
    contentHash: text().notNull(),
    live: boolean().notNull(),
    search: tsvector().generatedAlwaysAs(
      sql`to_tsvector('english', coalesce(title, '') || ' ' || coalesce(summary, '') || ' ' || text)`,
    ),
  },
  (t) => [
    index().on(t.workspaceId, t.documentId),
    index().on(t.workspaceId, t.storeId, t.occurredAt),
    index("memory_observations_search").using("gin", t.search),
    tenantPolicy(),
    finderPolicy(),
  ],
)
