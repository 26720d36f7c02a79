-- A table's owner passes through row-level security unless it is forced.
DO $$
DECLARE
  tenant_table regclass;
BEGIN
  FOR tenant_table IN
    SELECT oid::regclass FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relrowsecurity
  LOOP
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', tenant_table);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO engram_app', tenant_table);
  END LOOP;
END $$;
--> statement-breakpoint
GRANT SELECT ON workspaces, stores, connections, api_keys TO engram_fleet;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON ingest_deliveries TO engram_fleet;
--> statement-breakpoint
GRANT SELECT, UPDATE, DELETE ON vector_entries TO engram_fleet;
