import { index, pgTable, text, timestamp, uniqueIndex } from "drizzle-orm/pg-core"
import { fleetPolicy, tenantPolicy, workspaceId } from "./columns.ts"
import { stores } from "./stores.ts"

/** Who may use the APIs of one store. Only the key's hash is kept. */
export const apiKeys = pgTable(
  "api_keys",
  {
    id: text().primaryKey(),
    workspaceId: workspaceId(),
    storeId: text()
      .notNull()
      .references(() => stores.id),
    name: text().notNull(),
    /** SHA-256 of the key, hex. The key has 256 random bits, so a slow hash would add nothing. */
    hash: text().notNull(),
    /** What it may do: `write` events, `search`. */
    actions: text().array().notNull(),
    /** Private scopes it may read, by scope id. */
    scopeIds: text().array().notNull().default([]),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    revokedAt: timestamp({ withTimezone: true }),
  },
  (t) => [uniqueIndex().on(t.hash), index().on(t.workspaceId), tenantPolicy(), fleetPolicy("select")],
)
