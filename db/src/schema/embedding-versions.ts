import { index, integer, pgTable, text, timestamp, uniqueIndex } from "drizzle-orm/pg-core"
import { tenantPolicy, workspaceId } from "./columns.ts"
import { stores } from "./stores.ts"

/** Which model makes a store's vectors, and the index that holds them. Readers use the active one. */
export const embeddingVersions = pgTable(
  "embedding_versions",
  {
    id: text().primaryKey(),
    workspaceId: workspaceId(),
    storeId: text()
      .notNull()
      .references(() => stores.id),
    provider: text().notNull(),
    model: text().notNull(),
    dimension: integer().notNull(),
    status: text({ enum: ["active", "canary", "archived"] }).notNull(),
    indexName: text().notNull(),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (t) => [
    uniqueIndex().on(t.storeId, t.provider, t.model, t.dimension),
    index().on(t.workspaceId, t.storeId),
    tenantPolicy(),
  ],
)
