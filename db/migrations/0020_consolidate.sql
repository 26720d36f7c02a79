CREATE TABLE "consolidation_marks" (
	"workspace_id" text NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "consolidation_marks_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"store_id" text,
	"alias_id" text,
	"day" date,
	"entity_id" text,
	"scope_id" text,
	"added" integer DEFAULT 0 NOT NULL,
	"lost" boolean DEFAULT false NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "consolidation_marks_workspace_id_id_pk" PRIMARY KEY("workspace_id","id")
);
--> statement-breakpoint
ALTER TABLE "consolidation_marks" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "consolidation_runs" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"kind" text NOT NULL,
	"night" date,
	"state" text NOT NULL,
	"day" date NOT NULL,
	"leased_until" timestamp with time zone NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp with time zone,
	"report" jsonb,
	"reason" text
);
--> statement-breakpoint
ALTER TABLE "consolidation_runs" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "memory_profiles" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"store_id" text NOT NULL,
	"entity_id" text NOT NULL,
	"descriptors" jsonb NOT NULL,
	"observations" integer NOT NULL,
	"summaries" integer NOT NULL,
	"scope_ids" text[] NOT NULL,
	"drift" real NOT NULL,
	"measured_at" timestamp with time zone NOT NULL,
	"rebuilt_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "memory_profiles" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "memory_summaries" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"store_id" text NOT NULL,
	"entity_id" text,
	"topic" text NOT NULL,
	"window_kind" text NOT NULL,
	"window_from" date NOT NULL,
	"window_until" date NOT NULL,
	"scope_id" text,
	"title" text NOT NULL,
	"text" text NOT NULL,
	"sentences" jsonb NOT NULL,
	"cited_ids" text[] NOT NULL,
	"coverage" jsonb NOT NULL,
	"evidence_ids" text[] NOT NULL,
	"scope_ids" text[] NOT NULL,
	"evidence_hash" text NOT NULL,
	"writer" text NOT NULL,
	"occurred_at" timestamp with time zone NOT NULL,
	"importance" real NOT NULL,
	"written_at" timestamp with time zone DEFAULT now() NOT NULL,
	"search" "tsvector" GENERATED ALWAYS AS (to_tsvector('english', title || ' ' || text)) STORED
);
--> statement-breakpoint
ALTER TABLE "memory_summaries" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "workspaces" ADD COLUMN "time_zone" text DEFAULT 'UTC' NOT NULL;--> statement-breakpoint
ALTER TABLE "workspaces" ADD COLUMN "retention_days" integer;--> statement-breakpoint
ALTER TABLE "workspaces" ADD COLUMN "legal_hold" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX "consolidation_marks_workspace_id_alias_id_index" ON "consolidation_marks" USING btree ("workspace_id","alias_id");--> statement-breakpoint
CREATE UNIQUE INDEX "consolidation_runs_running" ON "consolidation_runs" USING btree ("workspace_id") WHERE state = 'running';--> statement-breakpoint
CREATE UNIQUE INDEX "consolidation_runs_nights" ON "consolidation_runs" USING btree ("workspace_id","night") WHERE kind = 'night' and state in ('running', 'done');--> statement-breakpoint
CREATE INDEX "consolidation_runs_workspace_id_started_at_index" ON "consolidation_runs" USING btree ("workspace_id","started_at");--> statement-breakpoint
CREATE INDEX "memory_profiles_workspace_id_store_id_entity_id_index" ON "memory_profiles" USING btree ("workspace_id","store_id","entity_id");--> statement-breakpoint
CREATE INDEX "memory_summaries_workspace_id_store_id_entity_id_window_from_index" ON "memory_summaries" USING btree ("workspace_id","store_id","entity_id","window_from");--> statement-breakpoint
CREATE INDEX "memory_summaries_workspace_id_store_id_window_kind_window_from_index" ON "memory_summaries" USING btree ("workspace_id","store_id","window_kind","window_from");--> statement-breakpoint
CREATE INDEX "memory_summaries_search" ON "memory_summaries" USING gin ("search");--> statement-breakpoint
CREATE POLICY "tenant" ON "consolidation_marks" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "fleet" ON "consolidation_marks" AS PERMISSIVE FOR SELECT TO "engram_fleet" USING (true);--> statement-breakpoint
CREATE POLICY "tenant" ON "consolidation_runs" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "fleet" ON "consolidation_runs" AS PERMISSIVE FOR SELECT TO "engram_fleet" USING (true);--> statement-breakpoint
CREATE POLICY "tenant" ON "memory_profiles" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "tenant" ON "memory_summaries" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "finder" ON "memory_summaries" AS PERMISSIVE FOR SELECT TO "engram_finder" USING (true);