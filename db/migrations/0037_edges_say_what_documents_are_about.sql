ALTER TABLE "document_entities" DISABLE ROW LEVEL SECURITY;--> statement-breakpoint
DROP POLICY "tenant" ON "document_entities" CASCADE;--> statement-breakpoint
DROP TABLE "document_entities" CASCADE;--> statement-breakpoint
DROP INDEX "relationships_workspace_id_type_from_alias_id_to_alias_id_index";