import { sql } from "drizzle-orm"
import { index, pgTable, text, timestamp, uniqueIndex } from "drizzle-orm/pg-core"
import { fleetPolicy, tenantPolicy, workspaceId } from "./columns.ts"
import { stores } from "./stores.ts"

/**
 * What memories are grouped by. A row is one life of a name: a namespace that was deleted or has expired keeps its row until
 * the janitor has removed its memories, while the name may begin another life in another row.
 *
 *   endedAt null, expiresAt null or to come     live
 *   expiresAt past                              over, and its memories with it, from that moment on
 *   endedAt set                                 deleted, or expired and begun anew
 */
export const memoryNamespaces = pgTable(
  "memory_namespaces",
  {
    /** The name, `@`, and what tells this life from the others; names have no `@`. */
    id: text().primaryKey(),
    workspaceId: workspaceId(),
    storeId: text()
      .notNull()
      .references(() => stores.id),
    name: text().notNull(),
    kind: text({ enum: ["workspace", "team", "org", "custom"] }).notNull(),
    expiresAt: timestamp({ withTimezone: true }),
    /** JSON, as it was given. */
    metadata: text(),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    endedAt: timestamp({ withTimezone: true }),
  },
  (t) => [
    uniqueIndex("memory_namespaces_name").on(t.storeId, t.name).where(sql`ended_at is null`),
    index("memory_namespaces_ended").on(t.storeId).where(sql`ended_at is not null`),
    index("memory_namespaces_expiring").on(t.storeId, t.expiresAt).where(sql`expires_at is not null`),
    tenantPolicy(),
    fleetPolicy("select"),
  ],
)
