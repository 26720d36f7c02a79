ALTER TABLE "suppressions" FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE "forgettings" FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE "forgotten_refs" FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
-- What was forgotten stays forgotten: no role of the application may change or remove a suppression.
GRANT SELECT, INSERT ON "suppressions" TO engram_app;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON "forgettings", "forgotten_refs" TO engram_app;
