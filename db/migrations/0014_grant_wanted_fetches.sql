ALTER TABLE "wanted_fetches" FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON "wanted_fetches" TO engram_app;
--> statement-breakpoint
GRANT SELECT ON "wanted_fetches" TO engram_fleet;
