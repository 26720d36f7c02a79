CREATE TABLE "memory_namespaces" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"store_id" text NOT NULL,
	"name" text NOT NULL,
	"kind" text NOT NULL,
	"expires_at" timestamp with time zone,
	"metadata" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "memory_namespaces" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "memory_records" (
	"store_id" text NOT NULL,
	"id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"namespace_id" text NOT NULL,
	"content" text NOT NULL,
	"kind" text NOT NULL,
	"source" text NOT NULL,
	"expires_at" timestamp with time zone,
	"propagation" text,
	"pin" boolean,
	"created_at" timestamp with time zone NOT NULL,
	"search" "tsvector" GENERATED ALWAYS AS (to_tsvector('public.engram_english'::regconfig, left(content, 200000))) STORED,
	CONSTRAINT "memory_records_store_id_id_pk" PRIMARY KEY("store_id","id")
);
--> statement-breakpoint
ALTER TABLE "memory_records" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "memory_namespaces" ADD CONSTRAINT "memory_namespaces_store_id_stores_id_fk" FOREIGN KEY ("store_id") REFERENCES "public"."stores"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "memory_records" ADD CONSTRAINT "memory_records_namespace_id_memory_namespaces_id_fk" FOREIGN KEY ("namespace_id") REFERENCES "public"."memory_namespaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "memory_namespaces_name" ON "memory_namespaces" USING btree ("store_id","name") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "memory_namespaces_ended" ON "memory_namespaces" USING btree ("store_id") WHERE ended_at is not null;--> statement-breakpoint
CREATE INDEX "memory_namespaces_expiring" ON "memory_namespaces" USING btree ("store_id","expires_at") WHERE expires_at is not null;--> statement-breakpoint
CREATE INDEX "memory_records_newest" ON "memory_records" USING btree ("namespace_id","created_at");--> statement-breakpoint
CREATE INDEX "memory_records_pinned" ON "memory_records" USING btree ("namespace_id","created_at") WHERE pin;--> statement-breakpoint
CREATE INDEX "memory_records_expiring" ON "memory_records" USING btree ("store_id","expires_at") WHERE expires_at is not null;--> statement-breakpoint
CREATE INDEX "memory_records_search" ON "memory_records" USING gin ("search");--> statement-breakpoint
CREATE INDEX "vector_entries_memory_texts" ON "vector_entries" USING btree ("workspace_id","text_hash") WHERE family = 'memories';--> statement-breakpoint
CREATE POLICY "tenant" ON "memory_namespaces" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "fleet" ON "memory_namespaces" AS PERMISSIVE FOR SELECT TO "engram_fleet" USING (true);--> statement-breakpoint
CREATE POLICY "tenant" ON "memory_records" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "fleet" ON "memory_records" AS PERMISSIVE FOR SELECT TO "engram_fleet" USING (true);