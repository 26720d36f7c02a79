import { pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core"
import { tenantPolicy, workspaceId } from "./columns.ts"

/**
 * What was forgotten and must not come back, each as a hash under a key derived from ENGRAM_SECRET_KEY: nobody without the key
 * can tell what it was. Only ever added to.
 */
export const suppressions = pgTable(
  "suppressions",
  {
    workspaceId: workspaceId(),
    kind: text({ enum: ["document", "alias", "identifier", "source", "workspace"] }).notNull(),
    hash: text().notNull(),
    /** Tells the key, so that a process with another one stops instead of letting things back in. */
    keyId: text().notNull(),
    forgettingId: text().notNull(),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.workspaceId, t.hash] }), tenantPolicy()],
)
