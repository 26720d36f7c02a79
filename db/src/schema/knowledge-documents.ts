import { boolean, index, integer, jsonb, pgTable, real, text, timestamp, uniqueIndex } from "drizzle-orm/pg-core"
import { tenantPolicy, workspaceId } from "./columns.ts"
import { stores } from "./stores.ts"

/** A source thing in its current state: a pure function of its live parts. */
export const knowledgeDocuments = pgTable(
  "knowledge_documents",
  {
    id: text().primaryKey(),
    workspaceId: workspaceId(),
    storeId: text()
      .notNull()
      .references(() => stores.id),
    source: text().notNull(),
    sourceId: text().notNull(),
    aliasId: text().notNull(),
    kind: text().notNull().default(""),
    title: text().notNull().default(""),
    state: text(),
    url: text(),
    scopeId: text(),
    authorAliasId: text(),
    occurredAt: timestamp({ withTimezone: true }),
    importance: real().notNull().default(0),
    labels: text().array().notNull().default([]),
    metadata: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    /** Hash of everything rendered; equal means nothing to do. */
    contentHash: text().notNull().default(""),
    /** 0 before the first rendering; one more with each change that a reader can see. */
    version: integer().notNull().default(0),
    /** The newest version whose vectors are all written; vector search answers with it. */
    indexedVersion: integer().notNull().default(0),
    /** False when the source removed it, or nothing of it is known to exist. */
    live: boolean().notNull().default(false),
    /** When the oldest delivery not yet visible to vector search was accepted. */
    pendingSince: timestamp({ withTimezone: true }),
    updatedAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (t) => [
    uniqueIndex().on(t.workspaceId, t.storeId, t.source, t.sourceId),
    index().on(t.workspaceId, t.aliasId),
    tenantPolicy(),
  ],
)
