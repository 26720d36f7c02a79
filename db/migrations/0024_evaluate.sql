CREATE TABLE "eval_queries" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"store_id" text NOT NULL,
	"query" text NOT NULL,
	"document_id" text NOT NULL,
	"added_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "eval_queries" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "eval_runs" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"store_id" text NOT NULL,
	"started_by" text NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"ms" integer NOT NULL,
	"results" jsonb NOT NULL,
	"skipped" integer NOT NULL,
	"figures" jsonb NOT NULL,
	"coverage" jsonb NOT NULL,
	"sentences" jsonb NOT NULL,
	"drops" jsonb NOT NULL,
	"sent_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "eval_runs" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE INDEX "eval_queries_workspace_id_store_id_added_at_index" ON "eval_queries" USING btree ("workspace_id","store_id","added_at");--> statement-breakpoint
CREATE INDEX "eval_queries_workspace_id_document_id_index" ON "eval_queries" USING btree ("workspace_id","document_id");--> statement-breakpoint
CREATE INDEX "eval_runs_workspace_id_store_id_started_at_index" ON "eval_runs" USING btree ("workspace_id","store_id","started_at");--> statement-breakpoint
CREATE POLICY "tenant" ON "eval_queries" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "tenant" ON "eval_runs" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));