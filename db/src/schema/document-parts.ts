import { jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core"
import { tenantPolicy, workspaceId } from "./columns.ts"
import { knowledgeDocuments } from "./knowledge-documents.ts"

/** One separately edited piece of a document, as registers that merge (core/state). Removed pieces stay as tombstones. */
export const documentParts = pgTable(
  "document_parts",
  {
    documentId: text()
      .notNull()
      .references(() => knowledgeDocuments.id, { onDelete: "cascade" }),
    partId: text().notNull(),
    workspaceId: workspaceId(),
    state: jsonb().notNull(),
  },
  (t) => [primaryKey({ columns: [t.documentId, t.partId] }), tenantPolicy()],
)
