ALTER TABLE "consolidation_marks" FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE "memory_summaries" FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE "memory_profiles" FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE "consolidation_runs" FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
GRANT SELECT, INSERT, DELETE ON "consolidation_marks" TO engram_app;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON "memory_summaries", "memory_profiles", "consolidation_runs" TO engram_app;
--> statement-breakpoint
GRANT SELECT ON "consolidation_marks", "consolidation_runs" TO engram_fleet;
--> statement-breakpoint
-- Summaries are found by their words as observations are (find_text_by_index says why by a function).
GRANT SELECT (id, workspace_id, store_id, search) ON memory_summaries TO engram_finder;
--> statement-breakpoint
CREATE FUNCTION engram_matching_summaries(store text, query tsquery) RETURNS TABLE (id text, rank real)
  LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = ''
BEGIN ATOMIC
  SELECT s.id, ts_rank_cd(s.search, query, 1) FROM public.memory_summaries s
  WHERE s.workspace_id = (SELECT current_setting('app.workspace_id', true)) AND s.store_id = store AND s.search @@ query;
END;
--> statement-breakpoint
REVOKE ALL ON FUNCTION engram_matching_summaries FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION engram_matching_summaries TO engram_app;
--> statement-breakpoint
GRANT CREATE ON SCHEMA public TO engram_finder;
--> statement-breakpoint
ALTER FUNCTION engram_matching_summaries OWNER TO engram_finder;
--> statement-breakpoint
REVOKE CREATE ON SCHEMA public FROM engram_finder;
--> statement-breakpoint
-- One mark for each name and day that a statement touches, not for each observation. What is about nobody is still of its topic.
CREATE FUNCTION engram_mark_new_observations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.consolidation_marks (workspace_id, store_id, alias_id, day, added)
  SELECT o.workspace_id, o.store_id, s.alias_id, (o.occurred_at AT TIME ZONE 'UTC')::date, count(*)
  FROM fresh o LEFT JOIN LATERAL unnest(o.subject_alias_ids) AS s(alias_id) ON true
  WHERE o.live GROUP BY 1, 2, 3, 4;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION engram_mark_changed_observations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.consolidation_marks (workspace_id, store_id, alias_id, day, lost)
  SELECT c.workspace_id, c.store_id, s.alias_id, (c.occurred_at AT TIME ZONE 'UTC')::date, bool_or(c.lost)
  FROM (
    SELECT o.workspace_id, o.store_id, o.subject_alias_ids, o.occurred_at, true AS lost
    FROM before o JOIN fresh n ON n.id = o.id
    WHERE o.live AND (NOT n.live OR (o.content_hash, o.scope_id) IS DISTINCT FROM (n.content_hash, n.scope_id))
    UNION ALL
    SELECT n.workspace_id, n.store_id, n.subject_alias_ids, n.occurred_at, false
    FROM before o JOIN fresh n ON n.id = o.id
    WHERE n.live AND (NOT o.live OR (o.content_hash, o.scope_id) IS DISTINCT FROM (n.content_hash, n.scope_id))
  ) c LEFT JOIN LATERAL unnest(c.subject_alias_ids) AS s(alias_id) ON true
  GROUP BY 1, 2, 3, 4;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION engram_mark_removed_observations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.consolidation_marks (workspace_id, store_id, alias_id, day, lost)
  SELECT DISTINCT o.workspace_id, o.store_id, s.alias_id, (o.occurred_at AT TIME ZONE 'UTC')::date, true
  FROM before o LEFT JOIN LATERAL unnest(o.subject_alias_ids) AS s(alias_id) ON true
  WHERE o.live;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER mark_new AFTER INSERT ON memory_observations
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION engram_mark_new_observations();
--> statement-breakpoint
CREATE TRIGGER mark_changed AFTER UPDATE ON memory_observations
  REFERENCING OLD TABLE AS before NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION engram_mark_changed_observations();
--> statement-breakpoint
CREATE TRIGGER mark_removed AFTER DELETE ON memory_observations
  REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION engram_mark_removed_observations();
--> statement-breakpoint
-- A name that nobody claims stands for itself.
CREATE FUNCTION engram_mark_moved_aliases() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.consolidation_marks (workspace_id, entity_id, lost)
  SELECT DISTINCT n.workspace_id, e.id, true
  FROM before o JOIN fresh n ON n.id = o.id CROSS JOIN LATERAL (VALUES (coalesce(o.entity_id, o.id)), (coalesce(n.entity_id, n.id))) AS e(id)
  WHERE o.entity_id IS DISTINCT FROM n.entity_id;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER mark_moved AFTER UPDATE ON entity_aliases
  REFERENCING OLD TABLE AS before NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION engram_mark_moved_aliases();
--> statement-breakpoint
CREATE FUNCTION engram_mark_joined_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.consolidation_marks (workspace_id, entity_id, lost)
  SELECT DISTINCT n.workspace_id, e.id, true
  FROM before o JOIN fresh n ON n.id = o.id CROSS JOIN LATERAL (VALUES (coalesce(o.person_id, o.id)), (coalesce(n.person_id, n.id))) AS e(id)
  WHERE o.person_id IS DISTINCT FROM n.person_id;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER mark_joined AFTER UPDATE ON accounts
  REFERENCING OLD TABLE AS before NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION engram_mark_joined_accounts();
--> statement-breakpoint
CREATE FUNCTION engram_mark_new_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.consolidation_marks (workspace_id, entity_id, lost)
  SELECT DISTINCT n.workspace_id, e.id, true
  FROM fresh n CROSS JOIN LATERAL (VALUES (n.id), (n.person_id)) AS e(id)
  WHERE n.person_id <> n.id;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER mark_new AFTER INSERT ON accounts
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION engram_mark_new_accounts();
--> statement-breakpoint
CREATE FUNCTION engram_mark_removed_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.consolidation_marks (workspace_id, entity_id, lost)
  SELECT DISTINCT o.workspace_id, e.id, true
  FROM before o CROSS JOIN LATERAL (VALUES (o.id), (coalesce(o.person_id, o.id))) AS e(id);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER mark_removed AFTER DELETE ON accounts
  REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION engram_mark_removed_accounts();
--> statement-breakpoint
CREATE FUNCTION engram_mark_new_scopes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.consolidation_marks (workspace_id, scope_id, lost) SELECT n.workspace_id, n.id, true FROM fresh n;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION engram_mark_changed_scopes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.consolidation_marks (workspace_id, scope_id, lost)
  SELECT n.workspace_id, n.id, true FROM before o JOIN fresh n ON n.id = o.id
  WHERE (o.privacy, o.live) IS DISTINCT FROM (n.privacy, n.live);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER mark_new AFTER INSERT ON scopes
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION engram_mark_new_scopes();
--> statement-breakpoint
CREATE TRIGGER mark_changed AFTER UPDATE ON scopes
  REFERENCING OLD TABLE AS before NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION engram_mark_changed_scopes();
--> statement-breakpoint
-- What was observed before: an owner that is no superuser reads it only while security is not forced on owners.
ALTER TABLE memory_observations NO FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE consolidation_marks NO FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
INSERT INTO consolidation_marks (workspace_id, store_id, alias_id, day, added)
SELECT o.workspace_id, o.store_id, s.alias_id, (o.occurred_at AT TIME ZONE 'UTC')::date, count(*)
FROM memory_observations o LEFT JOIN LATERAL unnest(o.subject_alias_ids) AS s(alias_id) ON true
WHERE o.live GROUP BY 1, 2, 3, 4;
--> statement-breakpoint
ALTER TABLE consolidation_marks FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE memory_observations FORCE ROW LEVEL SECURITY;
