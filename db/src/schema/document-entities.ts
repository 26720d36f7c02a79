import { sql } from "drizzle-orm"
import { pgView, text } from "drizzle-orm/pg-core"
import { workspaceId } from "./columns.ts"

/**
 * Who and what a document is about now, by role (`ASSIGNED_TO`, `REFERENCES`, …): where its own edges lead, for certain and with no end.
 * Read with the rights, and so the workspace, of whoever asks.
 */
export const documentEntities = pgView("document_entities", {
  documentId: text().notNull(),
  aliasId: text().notNull(),
  role: text().notNull(),
  workspaceId: workspaceId(),
})
  .with({ securityInvoker: true })
  .as(sql`select d.id as document_id, r.to_alias_id as alias_id, r.type as role, d.workspace_id
    from knowledge_documents d
    join relationship_evidence e on e.workspace_id = d.workspace_id and e.evidence_id = d.id
      and e.live and e.until is null and e.requires_alias_id is null
    join relationships r on r.id = e.relationship_id and r.from_alias_id = d.alias_id`)
