import { sql } from "drizzle-orm"
import { boolean, integer, pgTable, text, timestamp } from "drizzle-orm/pg-core"
import { fleetPolicy, tenantPolicy } from "./columns.ts"

/** The tenant boundary. */
export const workspaces = pgTable(
  "workspaces",
  {
    id: text().primaryKey(),
    /** Whether addresses of people are taken out of texts, as credentials always are. */
    redactEmails: boolean().notNull().default(false),
    /** Null, `international`, or a country whose numbers are also found without their code: `US`. */
    redactPhones: text(),
    /** Whether the bytes of a delivery outlive its reading. */
    keepRaw: boolean().notNull().default(true),
    /** Whose night it is when consolidation runs; an IANA name. */
    timeZone: text().notNull().default("UTC"),
    /** Documents untouched for longer go, with all that came of them. Null keeps them. */
    retentionDays: integer(),
    /** While set, nothing of the workspace is deleted. */
    legalHold: boolean().notNull().default(false),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  () => [tenantPolicy(sql`id`), fleetPolicy("select")],
)
