-- Comparing long signatures was an eighth of what a batch of writes took Postgres, and nothing is found faster by them (decision 27).
DROP INDEX "memory_records_words";--> statement-breakpoint
CREATE INDEX "memory_records_words" ON "memory_records" USING gist (hashtextextended(namespace_id, 0),search tsvector_ops(siglen=64));
