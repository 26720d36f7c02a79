ALTER TABLE "accounts" FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE "identity_decisions" FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE "audit_log" FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON "accounts", "identity_decisions", "audit_log" TO engram_app;
--> statement-breakpoint
-- Accounts that are known already, each a person by itself: nothing so far carried an address. An entity's id derives from its
-- constant alias, which is how that one is told from its other aliases. Row-level security holds for the owner too, so each
-- workspace is named in turn.
DO $$
DECLARE
  workspace text;
  workspaces text[];
BEGIN
  EXECUTE 'SET LOCAL ROLE engram_fleet';
  SELECT coalesce(array_agg(id), '{}') INTO workspaces FROM workspaces;
  EXECUTE 'SET LOCAL ROLE engram_app';
  FOREACH workspace IN ARRAY workspaces LOOP
    PERFORM set_config('app.workspace_id', workspace, true);
    INSERT INTO accounts (id, workspace_id, alias_type, alias_value, realm, kind, name, handle, verified, person_id)
    SELECT f.id, workspace, f.alias_type, f.value, f.alias_type || coalesce(' ' || substring(f.value FROM '^([^:]*):'), ''),
      f.kind, nullif(trim(f.name), ''), nullif(trim(f.handle), ''), false, CASE WHEN f.kind = 'person' THEN f.id END
    FROM (
      SELECT e.id, a.alias_type, a.value, e.state #>> '{fields,name,value}' AS name, e.state #>> '{fields,login,value}' AS handle,
        CASE WHEN e.state #>> '{fields,bot,value}' = 'true' THEN 'bot'
             WHEN e.state #>> '{fields,type,value}' = 'Organization' THEN 'organization' ELSE 'person' END AS kind
      FROM entities e JOIN entity_aliases a ON a.workspace_id = e.workspace_id AND a.entity_id = e.id
      WHERE e.kind = 'account' AND e.id = 'ent_' || substr(encode(sha256(convert_to(
        length(workspace) || ':' || workspace || length(a.alias_type) || ':' || a.alias_type || length(a.value) || ':' || a.value, 'UTF8')), 'hex'), 1, 32)
    ) f;
  END LOOP;
  PERFORM set_config('app.workspace_id', '', true);
  EXECUTE 'RESET ROLE';
END $$;
