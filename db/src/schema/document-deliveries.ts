import { index, pgTable, primaryKey, text } from "drizzle-orm/pg-core"
import { tenantPolicy, workspaceId } from "./columns.ts"
import { knowledgeDocuments } from "./knowledge-documents.ts"

/** Which deliveries, and so which raw bytes, feed a document. */
export const documentDeliveries = pgTable(
  "document_deliveries",
  {
    documentId: text()
      .notNull()
      .references(() => knowledgeDocuments.id, { onDelete: "cascade" }),
    deliveryId: text().notNull(),
    workspaceId: workspaceId(),
  },
  (t) => [
    primaryKey({ columns: [t.documentId, t.deliveryId] }),
    index().on(t.workspaceId, t.deliveryId),
    tenantPolicy(),
  ],
)
