-- Nobody asks for rows by these columns. Counting what is in them, again whenever a tenth of a table is new, was most of what Postgres did
-- beside its statements while a store grew.
ALTER TABLE knowledge_chunks ALTER COLUMN text SET STATISTICS 0;
--> statement-breakpoint
ALTER TABLE memory_observations ALTER COLUMN title SET STATISTICS 0, ALTER COLUMN summary SET STATISTICS 0, ALTER COLUMN text SET STATISTICS 0;
--> statement-breakpoint
ALTER TABLE memory_summaries ALTER COLUMN text SET STATISTICS 0, ALTER COLUMN sentences SET STATISTICS 0, ALTER COLUMN coverage SET STATISTICS 0;
--> statement-breakpoint
ALTER TABLE document_parts ALTER COLUMN state SET STATISTICS 0;
--> statement-breakpoint
ALTER TABLE entities ALTER COLUMN state SET STATISTICS 0;
--> statement-breakpoint
ALTER TABLE knowledge_documents ALTER COLUMN title SET STATISTICS 0, ALTER COLUMN metadata SET STATISTICS 0;
--> statement-breakpoint
ALTER TABLE ingest_deliveries ALTER COLUMN headers SET STATISTICS 0, ALTER COLUMN body SET STATISTICS 0;
--> statement-breakpoint
ALTER TABLE embedding_values ALTER COLUMN values SET STATISTICS 0;
