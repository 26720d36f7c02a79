import { pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core"
import { tenantPolicy, workspaceId } from "./columns.ts"

/** The lease that makes one writer per lane; the queue alone cannot, since a stalled job may still be running. */
export const lanes = pgTable(
  "lanes",
  {
    storeId: text().notNull(),
    stage: text().notNull(),
    workspaceId: workspaceId(),
    holder: text().notNull(),
    leasedUntil: timestamp({ withTimezone: true }).notNull(),
  },
  (t) => [primaryKey({ columns: [t.storeId, t.stage] }), tenantPolicy()],
)
