import { integer, jsonb, pgTable, text, timestamp } from "drizzle-orm/pg-core"
import { tenantPolicy, workspaceId } from "./columns.ts"

/**
 * How far the import of a provider's history has come.
 *
 *   begun ──page, page, …──► finished ──asked for again──► begun, since `coveredUntil`
 *
 * A page's deliveries and the cursor after it are committed together, so a process that is killed costs at most the page it
 * was fetching.
 */
export const imports = pgTable(
  "imports",
  {
    id: text().primaryKey(),
    workspaceId: workspaceId(),
    storeId: text().notNull(),
    source: text().notNull(),
    what: text().notNull(),
    /** Only what changed since; null for everything. */
    since: timestamp({ withTimezone: true }),
    /** Where the next page begins, in the words of the provider's reader; null at the beginning. */
    cursor: jsonb(),
    /** Counts the processes that took it up; only the latest may write. */
    run: integer().notNull().default(1),
    pages: integer().notNull().default(0),
    fetched: integer().notNull().default(0),
    added: integer().notNull().default(0),
    startedAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    updatedAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    finishedAt: timestamp({ withTimezone: true }),
    /** Nothing that changed before this is missing. */
    coveredUntil: timestamp({ withTimezone: true }),
  },
  () => [tenantPolicy()],
)
