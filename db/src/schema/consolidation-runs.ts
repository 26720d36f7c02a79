import { sql } from "drizzle-orm"
import { date, index, jsonb, pgTable, text, timestamp, uniqueIndex } from "drizzle-orm/pg-core"
import { fleetPolicy, tenantPolicy, workspaceId } from "./columns.ts"

/** Every run, what it did and why it did no more. A workspace has one run at a time, and one that ends well a night. */
export const consolidationRuns = pgTable(
  "consolidation_runs",
  {
    id: text().primaryKey(),
    workspaceId: workspaceId(),
    kind: text({ enum: ["night", "threshold", "manual"] }).notNull(),
    /** The local date of a night's run. */
    night: date(),
    /** `abandoned`: its process died, and another run took the workspace over. */
    state: text({ enum: ["running", "done", "failed", "abandoned"] }).notNull(),
    /** The day in UTC that its windows were cut by. */
    day: date().notNull(),
    leasedUntil: timestamp({ withTimezone: true }).notNull(),
    startedAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    finishedAt: timestamp({ withTimezone: true }),
    /** What it read, wrote, left alone and cost. */
    report: jsonb(),
    /** What came of the steps that follow a run; null until all have had their turn. */
    steps: jsonb(),
    /** Why it wrote nothing, or failed. */
    reason: text(),
  },
  (t) => [
    uniqueIndex("consolidation_runs_running").on(t.workspaceId).where(sql`state = 'running'`),
    uniqueIndex("consolidation_runs_nights")
      .on(t.workspaceId, t.night)
      .where(sql`kind = 'night' and state in ('running', 'done')`),
    index().on(t.workspaceId, t.startedAt),
    tenantPolicy(),
    fleetPolicy("select"),
  ],
)
