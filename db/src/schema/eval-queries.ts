import { index, pgTable, text, timestamp } from "drizzle-orm/pg-core"
import { tenantPolicy, workspaceId } from "./columns.ts"

/** Questions that a store is asked now and then, each with the document that answers it. */
export const evalQueries = pgTable(
  "eval_queries",
  {
    id: text().primaryKey(),
    workspaceId: workspaceId(),
    storeId: text().notNull(),
    query: text().notNull(),
    documentId: text().notNull(),
    addedAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (t) => [index().on(t.workspaceId, t.storeId, t.addedAt), index().on(t.workspaceId, t.documentId), tenantPolicy()],
)
