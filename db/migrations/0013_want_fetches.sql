CREATE TABLE "wanted_fetches" (
	"connection_id" text NOT NULL,
	"kind" text NOT NULL,
	"thing_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"store_id" text NOT NULL,
	"source" text NOT NULL,
	"within" text,
	"wanted_at" bigint NOT NULL,
	"covered_at" bigint,
	"as_of" bigint,
	"owed_since" timestamp with time zone DEFAULT now() NOT NULL,
	"due_at" timestamp with time zone DEFAULT now() NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"answer" text,
	"reason" text,
	"answered_at" timestamp with time zone,
	CONSTRAINT "wanted_fetches_connection_id_kind_thing_id_pk" PRIMARY KEY("connection_id","kind","thing_id")
);
--> statement-breakpoint
ALTER TABLE "wanted_fetches" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE INDEX "wanted_fetches_owed" ON "wanted_fetches" USING btree ("workspace_id","store_id","due_at") WHERE covered_at is null or covered_at < wanted_at;--> statement-breakpoint
CREATE POLICY "tenant" ON "wanted_fetches" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "fleet" ON "wanted_fetches" AS PERMISSIVE FOR SELECT TO "engram_fleet" USING (true);