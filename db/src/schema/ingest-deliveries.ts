import { sql } from "drizzle-orm"
import { boolean, index, integer, jsonb, pgTable, text, timestamp, uniqueIndex } from "drizzle-orm/pg-core"
import { bytea, fleetPolicy, tenantPolicy, workspaceId } from "./columns.ts"

/**
 * One webhook request or API event as it arrived.
 *
 *   received ──► processed            drafts merged
 *            ├─► skipped   (reason)   nothing to remember in it
 *            └─► parked    (reason)   failed for good; `engram replay` makes it received again
 *
 * The body leaves the row once the delivery is closed and the bytes are in object storage (`artifactKey`).
 */
export const ingestDeliveries = pgTable(
  "ingest_deliveries",
  {
    id: text().primaryKey(),
    workspaceId: workspaceId(),
    storeId: text().notNull(),
    connectionId: text().notNull(),
    /** The sender's id of the delivery. */
    deliveryKey: text().notNull(),
    source: text().notNull(),
    event: text().notNull(),
    headers: jsonb().$type<Record<string, string>>().notNull(),
    /** Packed with Brotli where that is shorter than `bodyBytes`. */
    body: bytea(),
    /** Its length as it was sent. */
    bodyBytes: integer().notNull(),
    /** SHA-256 of the body, hex. */
    bodyHash: text().notNull(),
    receivedAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    state: text({ enum: ["received", "processed", "skipped", "parked"] })
      .notNull()
      .default("received"),
    reason: text(),
    attempts: integer().notNull().default(0),
    /** Not to be taken before this. */
    dueAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    /** Taken by a worker until then; a worker that dies leaves it to pass. */
    claimedUntil: timestamp({ withTimezone: true }),
    finishedAt: timestamp({ withTimezone: true }),
    artifactKey: text(),
    /** Something it said was forgotten: its bytes are to go, wherever they are or still get to. */
    forgetRaw: boolean().notNull().default(false),
  },
  (t) => [
    uniqueIndex().on(t.connectionId, t.deliveryKey),
    index("ingest_deliveries_waiting").on(t.workspaceId, t.storeId, t.dueAt).where(sql`state = 'received'`),
    index("ingest_deliveries_unarchived")
      .on(t.workspaceId, t.storeId)
      .where(sql`state <> 'received' and body is not null`),
    index("ingest_deliveries_forgotten")
      .on(t.workspaceId, t.storeId)
      .where(sql`forget_raw and (body is not null or artifact_key is not null)`),
    // In the order of an object store's listing, for comparing the two.
    index("ingest_deliveries_artifacts")
      .on(t.workspaceId, sql`artifact_key collate "C"`)
      .where(sql`artifact_key is not null`),
    index("ingest_deliveries_listed").on(t.workspaceId, t.state, t.receivedAt),
    tenantPolicy(),
    fleetPolicy("all"),
  ],
)
