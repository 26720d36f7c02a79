-- A moment keeps the scope it was observed in, and is readable by those of its document's too: where the document moved, so did its readers.
CREATE FUNCTION engram_mark_moved_documents() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.consolidation_marks (workspace_id, store_id, alias_id, day, lost)
  SELECT DISTINCT o.workspace_id, o.store_id, s.alias_id, (o.occurred_at AT TIME ZONE 'UTC')::date, true
  FROM before b JOIN fresh n ON n.id = b.id AND n.scope_id IS DISTINCT FROM b.scope_id
  JOIN public.memory_observations o ON o.workspace_id = n.workspace_id AND o.document_id = n.id AND o.live
  LEFT JOIN LATERAL unnest(o.subject_alias_ids) AS s(alias_id) ON true;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER mark_moved AFTER UPDATE ON knowledge_documents
  REFERENCING OLD TABLE AS before NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION engram_mark_moved_documents();
