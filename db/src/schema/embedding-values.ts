import { pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core"
import { bytea, tenantPolicy, workspaceId } from "./columns.ts"

/** Every vector ever computed, by the text it is of: a text seen before costs no call, and a lost index is rebuilt from here. */
export const embeddingValues = pgTable(
  "embedding_values",
  {
    workspaceId: workspaceId(),
    /** `provider:model:dimension` */
    model: text().notNull(),
    textHash: text().notNull(),
    /** float32, little-endian, unit length. */
    values: bytea().notNull(),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.workspaceId, t.model, t.textHash] }), tenantPolicy()],
)
