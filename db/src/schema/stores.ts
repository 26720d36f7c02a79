import { pgTable, text, timestamp, uniqueIndex } from "drizzle-orm/pg-core"
import { fleetPolicy, tenantPolicy, workspaceId } from "./columns.ts"
import { workspaces } from "./workspaces.ts"

/** A named collection in a workspace, with its own vector index. */
export const stores = pgTable(
  "stores",
  {
    id: text().primaryKey(),
    workspaceId: workspaceId().references(() => workspaces.id),
    name: text().notNull(),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (t) => [uniqueIndex().on(t.workspaceId, t.name), tenantPolicy(), fleetPolicy("select")],
)
