import { index, integer, jsonb, pgTable, text, timestamp } from "drizzle-orm/pg-core"
import { tenantPolicy, workspaceId } from "./columns.ts"

/** How well a store answered, over time: figures and ids, no content. */
export const evalRuns = pgTable(
  "eval_runs",
  {
    id: text().primaryKey(),
    workspaceId: workspaceId(),
    storeId: text().notNull(),
    startedBy: text({ enum: ["worker", "operator"] }).notNull(),
    startedAt: timestamp({ withTimezone: true }).notNull(),
    ms: integer().notNull(),
    /** `{queryId, rank}` */
    results: jsonb().notNull(),
    skipped: integer().notNull(),
    /** By measure, 0 to 1 or null. */
    figures: jsonb().notNull(),
    coverage: jsonb().notNull(),
    sentences: jsonb().notNull(),
    /** `{measure, from, to}` */
    drops: jsonb().notNull(),
    /** When the board that is configured had it; null while it has not. */
    sentAt: timestamp({ withTimezone: true }),
  },
  (t) => [index().on(t.workspaceId, t.storeId, t.startedAt), tenantPolicy()],
)
