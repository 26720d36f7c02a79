-- What leaves a store's active version leaves its other own versions. A statement that removes vectors may have begun before a
-- row of another version was copied from the one it waits for; it cannot see that row, and a trigger, which looks anew, can.
CREATE FUNCTION engram_unwant_everywhere() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM embedding_versions e WHERE e.id = NEW.embedding_version_id AND e.status = 'active') THEN
    RETURN NULL;
  END IF;
  UPDATE vector_entries v
  SET wanted_hash = NULL, written_hash = coalesce(v.written_hash, 'unknown'), parked_reason = NULL, attempts = 0
  FROM embedding_versions e
  WHERE v.store_id = NEW.store_id AND v.family = NEW.family AND v.ref_id = NEW.ref_id AND v.view = NEW.view
    AND v.embedding_version_id <> NEW.embedding_version_id AND v.wanted_hash IS NOT NULL
    AND e.id = v.embedding_version_id AND e.status <> 'caller';
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER vector_entries_unwant_everywhere AFTER UPDATE OF wanted_hash ON vector_entries
  FOR EACH ROW WHEN (OLD.wanted_hash IS NOT NULL AND NEW.wanted_hash IS NULL)
  EXECUTE FUNCTION engram_unwant_everywhere();
