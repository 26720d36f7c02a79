import { sql } from "drizzle-orm"
import { customType, pgPolicy, pgRole, text } from "drizzle-orm/pg-core"

/** What each transaction becomes before it touches a tenant's rows. It sees one workspace: the one the transaction names. */
export const appRole = pgRole("engram_app").existing()
/** For work that spans workspaces (accept, sweep, lanes). Sees only the tables that give it a policy. */
export const fleetRole = pgRole("engram_fleet").existing()
/** Owns the functions that search text, and reads the columns they need. Nobody becomes it. */
export const finderRole = pgRole("engram_finder").existing()

export const bytea = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => "bytea" })
export const tsvector = customType<{ data: string }>({ dataType: () => "tsvector" })

export const workspaceId = () => text().notNull()

// The sub-select makes Postgres read the setting once per statement instead of once per row.
// After a transaction the setting is '' rather than NULL; no workspace has that name, so nothing shows.
const named = sql`(select current_setting('app.workspace_id', true))`

/** Rows of the named workspace only, for reading and writing. */
export const tenantPolicy = (column = sql`workspace_id`) =>
  pgPolicy("tenant", {
    for: "all",
    to: appRole,
    using: sql`${column} = ${named}`,
    withCheck: sql`${column} = ${named}`,
  })

/** What the fleet may do across workspaces with this table. */
export const fleetPolicy = (verb: "all" | "select") =>
  pgPolicy("fleet", { for: verb, to: fleetRole, using: sql`true`, ...(verb === "all" ? { withCheck: sql`true` } : {}) })

/**
 * Lets the functions that search text (`engram_matching_*`, which name the workspace themselves) use the index: under the
 * tenant policy Postgres would read every row, since `@@` is not leakproof.
 */
export const finderPolicy = () => pgPolicy("finder", { for: "select", to: finderRole, using: sql`true` })
