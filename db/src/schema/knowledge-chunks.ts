import { sql } from "drizzle-orm"
import { index, integer, pgTable, text, timestamp } from "drizzle-orm/pg-core"
import { finderPolicy, tenantPolicy, tsvector, workspaceId } from "./columns.ts"
import { knowledgeDocuments } from "./knowledge-documents.ts"

/**
 * A piece of a document's text that is embedded. Its id derives from its text, so an unchanged chunk keeps its vector.
 * Full text reads rows whose `versionTo` is null; vector search reads rows that cover the document's `indexedVersion`.
 */
export const knowledgeChunks = pgTable(
  "knowledge_chunks",
  {
    id: text().primaryKey(),
    workspaceId: workspaceId(),
    storeId: text().notNull(),
    documentId: text()
      .notNull()
      .references(() => knowledgeDocuments.id, { onDelete: "cascade" }),
    partId: text().notNull(),
    /** 0 for the document's first. */
    position: integer().notNull(),
    section: text().notNull(),
    text: text().notNull(),
    textHash: text().notNull(),
    tokens: integer().notNull(),
    occurredAt: timestamp({ withTimezone: true }).notNull(),
    /** First and, once superseded, first-not version of the document that has it. */
    versionFrom: integer().notNull(),
    versionTo: integer(),
    search: tsvector().generatedAlwaysAs(sql`to_tsvector('english', section || ' ' || text)`),
  },
  (t) => [
    index().on(t.workspaceId, t.documentId),
    index("knowledge_chunks_search").using("gin", t.search),
    tenantPolicy(),
    finderPolicy(),
  ],
)
