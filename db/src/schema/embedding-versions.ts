import { index, integer, pgTable, text, timestamp, uniqueIndex } from "drizzle-orm/pg-core"
import { tenantPolicy, workspaceId } from "./columns.ts"
import { stores } from "./stores.ts"

/**
 * Which model makes a store's vectors, and the index that holds them. Readers use the active one. `caller` is the one that
 * holds what writers of memories computed themselves: nothing is embedded into it, and it is compared with nothing else.
 */
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
    status: text({ enum: ["active", "canary", "archived", "caller"] }).notNull(),
    indexName: text().notNull(),
    /** When its namespaces were last emptied, to be filled again from `embedding_values`. */
    emptiedAt: timestamp({ withTimezone: true }),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (t) => [
    uniqueIndex().on(t.storeId, t.provider, t.model, t.dimension),
    index().on(t.workspaceId, t.storeId),
    tenantPolicy(),
  ],
)
