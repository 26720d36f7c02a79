-- Under the tenant policy Postgres reads every row of a search: `@@` is not leakproof, so it may not run before the policy, and
-- then no index can serve it. These functions see to the policy themselves: they read as a role that nobody can become, which
-- may see only ids and search vectors, and they name the workspace from the same setting as the policy, not from an argument.
DO $$
BEGIN
  BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'engram_finder') THEN
      CREATE ROLE engram_finder NOLOGIN NOSUPERUSER NOBYPASSRLS;
    END IF;
  EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
  END;
  -- Since Postgres 16 whoever creates a role is a member of it that may not become it, until it says so.
  BEGIN
    GRANT engram_app, engram_fleet, engram_finder TO CURRENT_USER;
  EXCEPTION WHEN insufficient_privilege THEN NULL;
  END;
END $$;
--> statement-breakpoint
CREATE POLICY "finder" ON "knowledge_chunks" AS PERMISSIVE FOR SELECT TO "engram_finder" USING (true);--> statement-breakpoint
CREATE POLICY "finder" ON "memory_observations" AS PERMISSIVE FOR SELECT TO "engram_finder" USING (true);--> statement-breakpoint
GRANT SELECT (id, workspace_id, store_id, version_to, search) ON knowledge_chunks TO engram_finder;
--> statement-breakpoint
GRANT SELECT (id, workspace_id, store_id, live, search) ON memory_observations TO engram_finder;
--> statement-breakpoint
CREATE FUNCTION engram_matching_chunks(store text, query tsquery) RETURNS TABLE (id text, rank real)
  LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = ''
BEGIN ATOMIC
  SELECT c.id, ts_rank_cd(c.search, query, 1) FROM public.knowledge_chunks c
  WHERE c.workspace_id = (SELECT current_setting('app.workspace_id', true))
    AND c.store_id = store AND c.version_to IS NULL AND c.search @@ query;
END;
--> statement-breakpoint
CREATE FUNCTION engram_matching_observations(store text, query tsquery) RETURNS TABLE (id text, rank real)
  LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = ''
BEGIN ATOMIC
  SELECT o.id, ts_rank_cd(o.search, query, 1) FROM public.memory_observations o
  WHERE o.workspace_id = (SELECT current_setting('app.workspace_id', true))
    AND o.store_id = store AND o.live AND o.search @@ query;
END;
--> statement-breakpoint
REVOKE ALL ON FUNCTION engram_matching_chunks, engram_matching_observations FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION engram_matching_chunks, engram_matching_observations TO engram_app;
--> statement-breakpoint
-- Whoever owns a function must be allowed to create one, for as long as it takes to become the owner.
GRANT CREATE ON SCHEMA public TO engram_finder;
--> statement-breakpoint
ALTER FUNCTION engram_matching_chunks OWNER TO engram_finder;
--> statement-breakpoint
ALTER FUNCTION engram_matching_observations OWNER TO engram_finder;
--> statement-breakpoint
REVOKE CREATE ON SCHEMA public FROM engram_finder;
