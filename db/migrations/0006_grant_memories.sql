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
