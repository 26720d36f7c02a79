-- Rows that are written again soon after they are made. With room on their page for the next version, what no index asks for changes without
-- a new entry in each index: a delivery that is taken, a document whose vectors are written, a name or an entity told again.
ALTER TABLE ingest_deliveries SET (fillfactor = 50);
--> statement-breakpoint
ALTER TABLE knowledge_documents SET (fillfactor = 50);
--> statement-breakpoint
ALTER TABLE entities SET (fillfactor = 70);
--> statement-breakpoint
ALTER TABLE entity_aliases SET (fillfactor = 70);
