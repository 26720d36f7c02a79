DROP INDEX "vector_entries_owed";--> statement-breakpoint
ALTER TABLE "embedding_versions" ADD COLUMN "archived_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "vector_entries_owed" ON "vector_entries" USING btree ("workspace_id","store_id","embedding_version_id") WHERE wanted_hash is distinct from written_hash and parked_reason is null;