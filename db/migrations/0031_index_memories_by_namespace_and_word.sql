DROP INDEX "memory_records_search";--> statement-breakpoint
DROP INDEX "vector_entries_recent";--> statement-breakpoint
CREATE INDEX "memory_records_words" ON "memory_records" USING gin (engram_memory_words(namespace_id, search)) WITH (gin_pending_list_limit=256);--> statement-breakpoint
CREATE INDEX "vector_entries_parked" ON "vector_entries" USING btree ("workspace_id","store_id") WHERE parked_reason is not null;--> statement-breakpoint
CREATE INDEX "vector_entries_recent" ON "vector_entries" USING btree ("workspace_id","store_id","written_at") WHERE written_at is not null;