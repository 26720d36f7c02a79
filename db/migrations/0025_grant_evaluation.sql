ALTER TABLE "eval_queries" FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE "eval_runs" FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON "eval_queries", "eval_runs" TO engram_app;
