CREATE TABLE "forgettings" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"kind" text NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"done_at" timestamp with time zone,
	"counts" jsonb DEFAULT '{}'::jsonb NOT NULL
);
--> statement-breakpoint
ALTER TABLE "forgettings" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "forgotten_refs" (
	"forgetting_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"kind" text NOT NULL,
	"ref" text NOT NULL,
	"version" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "forgotten_refs_forgetting_id_kind_ref_pk" PRIMARY KEY("forgetting_id","kind","ref")
);
--> statement-breakpoint
ALTER TABLE "forgotten_refs" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "suppressions" (
	"workspace_id" text NOT NULL,
	"kind" text NOT NULL,
	"hash" text NOT NULL,
	"key_id" text NOT NULL,
	"forgetting_id" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "suppressions_workspace_id_hash_pk" PRIMARY KEY("workspace_id","hash")
);
--> statement-breakpoint
ALTER TABLE "suppressions" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "ingest_deliveries" ADD COLUMN "forget_raw" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "workspaces" ADD COLUMN "redact_emails" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "workspaces" ADD COLUMN "redact_phones" text;--> statement-breakpoint
ALTER TABLE "workspaces" ADD COLUMN "keep_raw" boolean DEFAULT true NOT NULL;--> statement-breakpoint
CREATE INDEX "forgettings_workspace_id_index" ON "forgettings" USING btree ("workspace_id");--> statement-breakpoint
CREATE INDEX "ingest_deliveries_forgotten" ON "ingest_deliveries" USING btree ("workspace_id","store_id") WHERE forget_raw and (body is not null or artifact_key is not null);--> statement-breakpoint
CREATE POLICY "tenant" ON "forgettings" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "tenant" ON "forgotten_refs" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "tenant" ON "suppressions" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));