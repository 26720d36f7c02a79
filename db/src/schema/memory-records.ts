import { sql } from "drizzle-orm"
import { boolean, index, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core"
import { fleetPolicy, tenantPolicy, tsvector, workspaceId } from "./columns.ts"
import { memoryNamespaces } from "./memory-namespaces.ts"

/** What agents wrote through the memory plugin. The id is the writer's; writing it again replaces the row. */
export const memoryRecords = pgTable(
  "memory_records",
  {
    storeId: text().notNull(),
    /** A UUID in lower case, also the id of its vector. */
    id: text().notNull(),
    workspaceId: workspaceId(),
    namespaceId: text()
      .notNull()
      .references(() => memoryNamespaces.id),
    content: text().notNull(),
    kind: text({ enum: ["fact", "summary", "checkpoint"] }).notNull(),
    source: text({ enum: ["agent", "runtime", "user"] }).notNull(),
    expiresAt: timestamp({ withTimezone: true }),
    /** JSON, as it was given. */
    propagation: text(),
    /** Null when nothing was said. */
    pin: boolean(),
    createdAt: timestamp({ withTimezone: true }).notNull(),
    /** When it was last written again under its id; null where it never was. */
    replacedAt: timestamp({ withTimezone: true }),
    // A tsvector holds 1 MB; the lexemes of so many characters always fit.
    search: tsvector().generatedAlwaysAs(sql`to_tsvector('public.engram_english'::regconfig, left(content, 200000))`),
  },
  (t) => [
    primaryKey({ columns: [t.storeId, t.id] }),
    index("memory_records_newest").on(t.namespaceId, t.createdAt),
    index("memory_records_replaced").on(t.namespaceId, t.replacedAt).where(sql`replaced_at is not null`),
    index("memory_records_pinned").on(t.namespaceId, t.createdAt).where(sql`pin`),
    index("memory_records_expiring").on(t.storeId, t.expiresAt).where(sql`expires_at is not null`),
    // The words of a namespace lie together: one entry a memory, where an index of single words has eighteen (decision 27).
    index("memory_records_words").using(
      "gist",
      sql`hashtextextended(namespace_id, 0)`,
      sql`search tsvector_ops(siglen=64)`,
    ),
    tenantPolicy(),
    fleetPolicy("select"),
  ],
)
