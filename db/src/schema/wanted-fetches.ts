import { sql } from "drizzle-orm"
import { bigint, index, integer, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core"
import { fleetPolicy, tenantPolicy, workspaceId } from "./columns.ts"

/**
 * A thing of which the sender told only the id, and how far it was asked for.
 *
 *   coveredAt null or < wantedAt     owed: ask for it once dueAt has come
 *   coveredAt = wantedAt             asked for since the newest event about it; `answer` says with what result
 *
 * Both times are the sender's own, so no clock of ours takes part, and replaying an old delivery owes nothing.
 */
export const wantedFetches = pgTable(
  "wanted_fetches",
  {
    connectionId: text().notNull(),
    kind: text().notNull(),
    thingId: text().notNull(),
    workspaceId: workspaceId(),
    storeId: text().notNull(),
    source: text().notNull(),
    /** What it is a piece of, where the sender names that too: the page of a comment. */
    within: text(),
    /** The sender's time (ms) of the newest event about it. */
    wantedAt: bigint({ mode: "number" }).notNull(),
    coveredAt: bigint({ mode: "number" }),
    /** The time (ms) that the newest answer speaks for: greater with each fetch of the thing, whatever our clocks do. */
    asOf: bigint({ mode: "number" }),
    /** Since when it is owed; bounds how long a burst of events may put it off. */
    owedSince: timestamp({ withTimezone: true }).notNull().defaultNow(),
    dueAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    /** Taken so often without any answer: each time may have ended its worker. */
    attempts: integer().notNull().default(0),
    /** Asked so often in a row with the answer "later". */
    failures: integer().notNull().default(0),
    /** `found`, `missing`, `later` or `gave_up`; null before the first. */
    answer: text({ enum: ["found", "missing", "later", "gave_up"] }),
    /** What a person is told of the answer, unless it was found. */
    reason: text(),
    answeredAt: timestamp({ withTimezone: true }),
  },
  (t) => [
    primaryKey({ columns: [t.connectionId, t.kind, t.thingId] }),
    index("wanted_fetches_owed")
      .on(t.workspaceId, t.storeId, t.dueAt)
      .where(sql`covered_at is null or covered_at < wanted_at`),
    tenantPolicy(),
    fleetPolicy("select"),
  ],
)
