import { sql } from "drizzle-orm"
import { pgTable, text, timestamp } from "drizzle-orm/pg-core"
import { fleetPolicy, tenantPolicy } from "./columns.ts"

/** The tenant boundary. */
export const workspaces = pgTable(
  "workspaces",
  {
    id: text().primaryKey(),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  () => [tenantPolicy(sql`id`), fleetPolicy("select")],
)
