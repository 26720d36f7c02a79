-- Names and accounts rarely move, and are written with nearly every delivery. A trigger of the statement kept all its rows twice and joined
-- them to find the few that did; a trigger of the row is not run for the others.
DROP TRIGGER mark_moved ON entity_aliases;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION engram_mark_moved_aliases() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.consolidation_marks (workspace_id, entity_id, lost)
  VALUES (NEW.workspace_id, coalesce(OLD.entity_id, OLD.id), true), (NEW.workspace_id, coalesce(NEW.entity_id, NEW.id), true);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER mark_moved AFTER UPDATE ON entity_aliases
  FOR EACH ROW WHEN (OLD.entity_id IS DISTINCT FROM NEW.entity_id) EXECUTE FUNCTION engram_mark_moved_aliases();
--> statement-breakpoint
DROP TRIGGER mark_joined ON accounts;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION engram_mark_joined_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.consolidation_marks (workspace_id, entity_id, lost)
  VALUES (NEW.workspace_id, coalesce(OLD.person_id, OLD.id), true), (NEW.workspace_id, coalesce(NEW.person_id, NEW.id), true);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER mark_joined AFTER UPDATE ON accounts
  FOR EACH ROW WHEN (OLD.person_id IS DISTINCT FROM NEW.person_id) EXECUTE FUNCTION engram_mark_joined_accounts();
--> statement-breakpoint
-- A document that is written whole at once has moved to its scope no less than one that had a row before.
DROP TRIGGER mark_moved ON knowledge_documents;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION engram_mark_moved_documents() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.consolidation_marks (workspace_id, store_id, alias_id, day, lost)
  SELECT DISTINCT o.workspace_id, o.store_id, s.alias_id, (o.occurred_at AT TIME ZONE 'UTC')::date, true
  FROM public.memory_observations o LEFT JOIN LATERAL unnest(o.subject_alias_ids) AS s(alias_id) ON true
  WHERE o.workspace_id = NEW.workspace_id AND o.document_id = NEW.id AND o.live;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER mark_moved AFTER UPDATE ON knowledge_documents
  FOR EACH ROW WHEN (OLD.scope_id IS DISTINCT FROM NEW.scope_id) EXECUTE FUNCTION engram_mark_moved_documents();
--> statement-breakpoint
CREATE FUNCTION engram_mark_new_documents() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.consolidation_marks (workspace_id, store_id, alias_id, day, lost)
  SELECT DISTINCT o.workspace_id, o.store_id, s.alias_id, (o.occurred_at AT TIME ZONE 'UTC')::date, true
  FROM fresh n JOIN public.memory_observations o ON o.workspace_id = n.workspace_id AND o.document_id = n.id AND o.live
  LEFT JOIN LATERAL unnest(o.subject_alias_ids) AS s(alias_id) ON true;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER mark_new AFTER INSERT ON knowledge_documents
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION engram_mark_new_documents();
