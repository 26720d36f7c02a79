import { sql } from "drizzle-orm"
import { index, integer, jsonb, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core"
import { fleetPolicy, tenantPolicy, workspaceId } from "./columns.ts"

/**
 * What each vector should be and what was last written of it.
 *
 *   wanted ≠ written                 owed: embed and write, or remove when wanted is null
 *   wanted = written                 in the index since writtenAt
 *   wanted null, written null        removed at removedAt; removed once more after the longest timeout, then the row goes
 *   parkedReason set                 the embedder refuses this text for good; not owed until it changes
 *
 * What is owed may be on its way to the index at any moment. So what changes then is owed too, also where it changes back to what was
 * written: written becomes a word that nothing wants.
 */
export const vectorEntries = pgTable(
  "vector_entries",
  {
    storeId: text().notNull(),
    family: text({ enum: ["chunks", "observations", "summaries", "profiles", "memories"] }).notNull(),
    refId: text().notNull(),
    /** `body`, `title` or `summary`; a chunk and a memory have only a body. */
    view: text({ enum: ["body", "title", "summary"] }).notNull(),
    embeddingVersionId: text().notNull(),
    workspaceId: workspaceId(),
    textHash: text().notNull(),
    metadata: jsonb().$type<Record<string, string | number | boolean | string[]>>().notNull(),
    /** Hash of text and metadata; null when the vector should be gone. */
    wantedHash: text(),
    writtenHash: text(),
    writtenAt: timestamp({ withTimezone: true }),
    removedAt: timestamp({ withTimezone: true }),
    parkedReason: text(),
    /** How often its text was refused. */
    attempts: integer().notNull().default(0),
  },
  (t) => [
    primaryKey({ columns: [t.storeId, t.family, t.refId, t.view, t.embeddingVersionId] }),
    index("vector_entries_owed")
      .on(t.workspaceId, t.storeId, t.embeddingVersionId)
      .where(sql`wanted_hash is distinct from written_hash and parked_reason is null`),
    index("vector_entries_recent").on(t.workspaceId, t.storeId, t.writtenAt).where(sql`written_at is not null`),
    // What the index still holds of them is of an older text.
    index("vector_entries_parked").on(t.workspaceId, t.storeId).where(sql`parked_reason is not null`),
    // Whether another memory still needs the values of a text.
    index("vector_entries_memory_texts").on(t.workspaceId, t.textHash).where(sql`family = 'memories'`),
    index("vector_entries_removed").on(t.removedAt).where(sql`removed_at is not null`),
    tenantPolicy(),
    fleetPolicy("all"),
  ],
)
