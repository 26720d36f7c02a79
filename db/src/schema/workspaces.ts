import { sql } from "drizzle-orm"
import { boolean, pgTable, text, timestamp } from "drizzle-orm/pg-core"
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
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  () => [tenantPolicy(sql`id`), fleetPolicy("select")],
)
