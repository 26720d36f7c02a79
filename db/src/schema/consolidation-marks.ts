import { sql } from "drizzle-orm"
import { bigint, boolean, date, index, integer, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core"
import { fleetPolicy, tenantPolicy, workspaceId } from "./columns.ts"

/**
 * What consolidation has to look at again, appended by triggers in the very transactions that change evidence, so that no path
 * can forget to. A run removes the marks it has read once what they ask for is written; those that come meanwhile stay.
 *
 *   aliasId, day     observations about this name on this day (UTC) were added, changed or withdrawn
 *   entityId         names were joined to this entity or person, or taken from it
 *   scopeId          the scope's privacy or end changed, and with it who may read what came from it
 */
export const consolidationMarks = pgTable(
  "consolidation_marks",
  {
    workspaceId: workspaceId(),
    id: bigint({ mode: "number" }).notNull().generatedAlwaysAsIdentity(),
    storeId: text(),
    aliasId: text(),
    day: date(),
    entityId: text(),
    scopeId: text(),
    /** Observations that are new. */
    added: integer().notNull().default(0),
    /** Evidence went, or reads differently: what rests on it may not wait. */
    lost: boolean().notNull().default(false),
    at: timestamp({ withTimezone: true }).notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ columns: [t.workspaceId, t.id] }),
    index().on(t.workspaceId, t.aliasId),
    tenantPolicy(),
    fleetPolicy("select"),
  ],
)
