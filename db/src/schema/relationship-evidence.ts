import { sql } from "drizzle-orm"
import { boolean, index, pgTable, primaryKey, real, text, timestamp } from "drizzle-orm/pg-core"
import { tenantPolicy, workspaceId } from "./columns.ts"

/** What a document or an observation says about an edge. `evidenceId` is the document's or the observation's id. */
export const relationshipEvidence = pgTable(
  "relationship_evidence",
  {
    relationshipId: text().notNull(),
    evidenceId: text().notNull(),
    workspaceId: workspaceId(),
    confidence: real().notNull(),
    since: timestamp({ withTimezone: true }).notNull(),
    until: timestamp({ withTimezone: true }),
    /** False while the document or observation is removed. */
    live: boolean().notNull(),
    /** Counts only while an entity that is not deleted goes by this alias: `ENG-123` is an issue where `ENG` is a team. */
    requiresAliasId: text(),
  },
  (t) => [
    primaryKey({ columns: [t.relationshipId, t.evidenceId] }),
    index().on(t.workspaceId, t.evidenceId),
    index().on(t.workspaceId, t.requiresAliasId).where(sql`requires_alias_id is not null`),
    tenantPolicy(),
  ],
)
