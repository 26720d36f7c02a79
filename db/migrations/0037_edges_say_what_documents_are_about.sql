ALTER TABLE "document_entities" DISABLE ROW LEVEL SECURITY;--> statement-breakpoint
DROP POLICY "tenant" ON "document_entities" CASCADE;--> statement-breakpoint
DROP TABLE "document_entities" CASCADE;--> statement-breakpoint
DROP INDEX "relationships_workspace_id_type_from_alias_id_to_alias_id_index";--> statement-breakpoint
CREATE VIEW "public"."document_entities" WITH (security_invoker = true) AS (select d.id as document_id, r.to_alias_id as alias_id, r.type as role, d.workspace_id
    from knowledge_documents d
    join relationship_evidence e on e.workspace_id = d.workspace_id and e.evidence_id = d.id
      and e.live and e.until is null and e.requires_alias_id is null
    join relationships r on r.id = e.relationship_id and r.from_alias_id = d.alias_id);