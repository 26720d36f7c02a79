import { sql } from "drizzle-orm"
import { boolean, index, pgTable, text } from "drizzle-orm/pg-core"
import { tenantPolicy, workspaceId } from "./columns.ts"

/** What identity reads of each entity of kind `account`, and the person it belongs to. Derived from `entities` and `identity_decisions`. */
export const accounts = pgTable(
  "accounts",
  {
    /** The entity's id. */
    id: text().primaryKey(),
    workspaceId: workspaceId(),
    /** The constant alias. */
    aliasType: text().notNull(),
    aliasValue: text().notNull(),
    /** Within which an address belongs to one account at a time. */
    realm: text().notNull(),
    kind: text({ enum: ["person", "bot", "organization"] }).notNull(),
    name: text(),
    handle: text(),
    address: text(),
    hint: text(),
    verified: boolean().notNull(),
    /** Accounts with the same key are one person, unless the key is shared: an address, or an account's id. At most 254 characters. */
    linkKey: text(),
    /** The smallest id among the accounts of the person. Null for who is nobody: bots, organizations. */
    personId: text(),
  },
  (t) => [
    index().on(t.workspaceId, t.linkKey).where(sql`link_key is not null`),
    index().on(t.workspaceId, t.personId),
    tenantPolicy(),
  ],
)
