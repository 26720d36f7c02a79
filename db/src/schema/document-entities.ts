import { index, pgTable, primaryKey, text } from "drizzle-orm/pg-core"
import { tenantPolicy, workspaceId } from "./columns.ts"
import { knowledgeDocuments } from "./knowledge-documents.ts"

/** Who and what a document is about now, by role: `author`, `ASSIGNED_TO`, `REFERENCES`, … */
export const documentEntities = pgTable(
  "document_entities",
  {
    documentId: text()
      .notNull()
      .references(() => knowledgeDocuments.id, { onDelete: "cascade" }),
    aliasId: text().notNull(),
    role: text().notNull(),
    workspaceId: workspaceId(),
  },
  (t) => [
    primaryKey({ columns: [t.documentId, t.aliasId, t.role] }),
    index().on(t.workspaceId, t.aliasId),
    tenantPolicy(),
  ],
)
