ALTER TABLE "memory_namespaces" FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE "memory_records" FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON "memory_namespaces", "memory_records" TO engram_app;
--> statement-breakpoint
-- The janitor learns where something is over, and nothing of what it says; it removes as engram_app, in that workspace.
GRANT SELECT ("workspace_id", "store_id", "expires_at") ON "memory_records" TO engram_fleet;
--> statement-breakpoint
GRANT SELECT ("workspace_id", "store_id", "expires_at", "ended_at") ON "memory_namespaces" TO engram_fleet;
--> statement-breakpoint
-- As for chunks: under the tenant policy no index may answer `@@`, so a function that sees to the policy itself does.
CREATE POLICY "finder" ON "memory_records" AS PERMISSIVE FOR SELECT TO "engram_finder" USING (true);
--> statement-breakpoint
GRANT SELECT (id, workspace_id, store_id, namespace_id, search) ON memory_records TO engram_finder;
--> statement-breakpoint
CREATE FUNCTION engram_matching_memories(store text, namespaces text[], query tsquery) RETURNS TABLE (id text, rank real)
  LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = ''
BEGIN ATOMIC
  SELECT r.id, ts_rank_cd(r.search, query, 1) FROM public.memory_records r
  WHERE r.workspace_id = (SELECT current_setting('app.workspace_id', true))
    AND r.store_id = store AND r.namespace_id = ANY (namespaces) AND r.search @@ query;
END;
--> statement-breakpoint
REVOKE ALL ON FUNCTION engram_matching_memories FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION engram_matching_memories TO engram_app;
--> statement-breakpoint
GRANT CREATE ON SCHEMA public TO engram_finder;
--> statement-breakpoint
ALTER FUNCTION engram_matching_memories OWNER TO engram_finder;
--> statement-breakpoint
REVOKE CREATE ON SCHEMA public FROM engram_finder;
