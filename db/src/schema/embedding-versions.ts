import { index, integer, pgTable, text, timestamp, uniqueIndex } from "drizzle-orm/pg-core"
import { tenantPolicy, workspaceId } from "./columns.ts"
import { stores } from "./stores.ts"

/**
 * Which model makes a store's vectors, and the index that holds them.
 *
 *   active     readers use it; a store has one
 *   canary     filled beside it: whatever is wanted in the one is wanted in the other
 *   archived   readers were switched away; vectors are still removed from it, none is added
 *   dropping   its grace period is over: entries, index, values and row go, in this order
 *   caller     what writers of memories computed themselves: nothing is embedded into it, and it is compared with nothing else
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
    status: text({ enum: ["active", "canary", "archived", "dropping", "caller"] }).notNull(),
    indexName: text().notNull(),
    /** When its namespaces were last emptied, to be filled again from `embedding_values`. */
    emptiedAt: timestamp({ withTimezone: true }),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    /** When readers were switched away from it. */
    archivedAt: timestamp({ withTimezone: true }),
  },
  (t) => [
    uniqueIndex().on(t.storeId, t.provider, t.model, t.dimension),
    index().on(t.workspaceId, t.storeId),
    tenantPolicy(),
  ],
)
