import { index, jsonb, pgTable, text, timestamp } from "drizzle-orm/pg-core"
import { fleetPolicy, tenantPolicy, workspaceId } from "./columns.ts"
import { stores } from "./stores.ts"

/** One configured door: a source's webhook, or the events API, into one store. */
export const connections = pgTable(
  "connections",
  {
    id: text().primaryKey(),
    workspaceId: workspaceId(),
    storeId: text()
      .notNull()
      .references(() => stores.id),
    source: text().notNull(),
    /** Sealed with ENGRAM_SECRET_KEY, newest first. Two are valid during a rotation. */
    secrets: jsonb().$type<readonly string[]>().notNull().default([]),
    /** What we need to call the provider (`token`, …), by name; each value sealed with ENGRAM_SECRET_KEY. */
    credentials: jsonb().$type<Readonly<Record<string, string>>>().notNull().default({}),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (t) => [index().on(t.workspaceId), tenantPolicy(), fleetPolicy("select")],
)
