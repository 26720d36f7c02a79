CREATE TABLE "api_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"store_id" text NOT NULL,
	"name" text NOT NULL,
	"hash" text NOT NULL,
	"actions" text[] NOT NULL,
	"scope_ids" text[] DEFAULT '{}' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revoked_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "api_keys" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "connections" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"store_id" text NOT NULL,
	"source" text NOT NULL,
	"secrets" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "connections" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "document_deliveries" (
	"document_id" text NOT NULL,
	"delivery_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	CONSTRAINT "document_deliveries_document_id_delivery_id_pk" PRIMARY KEY("document_id","delivery_id")
);
--> statement-breakpoint
ALTER TABLE "document_deliveries" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "document_entities" (
	"document_id" text NOT NULL,
	"alias_id" text NOT NULL,
	"role" text NOT NULL,
	"workspace_id" text NOT NULL,
	CONSTRAINT "document_entities_document_id_alias_id_role_pk" PRIMARY KEY("document_id","alias_id","role")
);
--> statement-breakpoint
ALTER TABLE "document_entities" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "document_parts" (
	"document_id" text NOT NULL,
	"part_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"state" jsonb NOT NULL,
	CONSTRAINT "document_parts_document_id_part_id_pk" PRIMARY KEY("document_id","part_id")
);
--> statement-breakpoint
ALTER TABLE "document_parts" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "embedding_values" (
	"workspace_id" text NOT NULL,
	"model" text NOT NULL,
	"text_hash" text NOT NULL,
	"values" "bytea" NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "embedding_values_workspace_id_model_text_hash_pk" PRIMARY KEY("workspace_id","model","text_hash")
);
--> statement-breakpoint
ALTER TABLE "embedding_values" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "embedding_versions" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"store_id" text NOT NULL,
	"provider" text NOT NULL,
	"model" text NOT NULL,
	"dimension" integer NOT NULL,
	"status" text NOT NULL,
	"index_name" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "embedding_versions" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "entities" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"kind" text NOT NULL,
	"state" jsonb NOT NULL
);
--> statement-breakpoint
ALTER TABLE "entities" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "entity_aliases" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"alias_type" text NOT NULL,
	"value" text NOT NULL,
	"entity_id" text,
	"at" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "entity_aliases" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "ingest_deliveries" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"store_id" text NOT NULL,
	"connection_id" text NOT NULL,
	"delivery_key" text NOT NULL,
	"source" text NOT NULL,
	"event" text NOT NULL,
	"headers" jsonb NOT NULL,
	"body" "bytea",
	"body_bytes" integer NOT NULL,
	"body_hash" text NOT NULL,
	"received_at" timestamp with time zone DEFAULT now() NOT NULL,
	"state" text DEFAULT 'received' NOT NULL,
	"reason" text,
	"attempts" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp with time zone DEFAULT now() NOT NULL,
	"claimed_until" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"artifact_key" text
);
--> statement-breakpoint
ALTER TABLE "ingest_deliveries" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "knowledge_chunks" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"store_id" text NOT NULL,
	"document_id" text NOT NULL,
	"part_id" text NOT NULL,
	"position" integer NOT NULL,
	"section" text NOT NULL,
	"text" text NOT NULL,
	"text_hash" text NOT NULL,
	"tokens" integer NOT NULL,
	"occurred_at" timestamp with time zone NOT NULL,
	"version_from" integer NOT NULL,
	"version_to" integer,
	"search" "tsvector" GENERATED ALWAYS AS (to_tsvector('english', section || ' ' || text)) STORED
);
--> statement-breakpoint
ALTER TABLE "knowledge_chunks" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "knowledge_documents" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"store_id" text NOT NULL,
	"source" text NOT NULL,
	"source_id" text NOT NULL,
	"alias_id" text NOT NULL,
	"kind" text DEFAULT '' NOT NULL,
	"title" text DEFAULT '' NOT NULL,
	"state" text,
	"url" text,
	"scope_id" text,
	"author_alias_id" text,
	"occurred_at" timestamp with time zone,
	"importance" real DEFAULT 0 NOT NULL,
	"labels" text[] DEFAULT '{}' NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"content_hash" text DEFAULT '' NOT NULL,
	"version" integer DEFAULT 0 NOT NULL,
	"indexed_version" integer DEFAULT 0 NOT NULL,
	"live" boolean DEFAULT false NOT NULL,
	"pending_since" timestamp with time zone,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "knowledge_documents" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "lanes" (
	"store_id" text NOT NULL,
	"stage" text NOT NULL,
	"workspace_id" text NOT NULL,
	"holder" text NOT NULL,
	"leased_until" timestamp with time zone NOT NULL,
	CONSTRAINT "lanes_store_id_stage_pk" PRIMARY KEY("store_id","stage")
);
--> statement-breakpoint
ALTER TABLE "lanes" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "memory_observations" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"store_id" text NOT NULL,
	"source" text NOT NULL,
	"class" text NOT NULL,
	"kind" text NOT NULL,
	"document_id" text,
	"part_id" text,
	"thing_alias_id" text NOT NULL,
	"scope_id" text NOT NULL,
	"occurred_at" timestamp with time zone NOT NULL,
	"title" text,
	"summary" text,
	"text" text NOT NULL,
	"url" text,
	"importance" real NOT NULL,
	"tags" text[] NOT NULL,
	"subject_alias_ids" text[] NOT NULL,
	"content_hash" text NOT NULL,
	"live" boolean NOT NULL,
	"search" "tsvector" GENERATED ALWAYS AS (to_tsvector('english', coalesce(title, '') || ' ' || coalesce(summary, '') || ' ' || text)) STORED
);
--> statement-breakpoint
ALTER TABLE "memory_observations" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "relationship_evidence" (
	"relationship_id" text NOT NULL,
	"evidence_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"confidence" real NOT NULL,
	"since" timestamp with time zone NOT NULL,
	"until" timestamp with time zone,
	"live" boolean NOT NULL,
	CONSTRAINT "relationship_evidence_relationship_id_evidence_id_pk" PRIMARY KEY("relationship_id","evidence_id")
);
--> statement-breakpoint
ALTER TABLE "relationship_evidence" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "relationships" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"type" text NOT NULL,
	"from_alias_id" text NOT NULL,
	"to_alias_id" text NOT NULL,
	"confidence" real NOT NULL,
	"detected_by" text NOT NULL,
	"since" timestamp with time zone NOT NULL,
	"until" timestamp with time zone,
	"live" boolean NOT NULL
);
--> statement-breakpoint
ALTER TABLE "relationships" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "scopes" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"source" text NOT NULL,
	"key" text NOT NULL,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"privacy" text NOT NULL,
	"at" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "scopes" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "stores" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "stores" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "vector_entries" (
	"store_id" text NOT NULL,
	"family" text NOT NULL,
	"ref_id" text NOT NULL,
	"view" text NOT NULL,
	"embedding_version_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"text_hash" text NOT NULL,
	"metadata" jsonb NOT NULL,
	"wanted_hash" text,
	"written_hash" text,
	"written_at" timestamp with time zone,
	"removed_at" timestamp with time zone,
	"parked_reason" text,
	"attempts" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "vector_entries_store_id_family_ref_id_view_embedding_version_id_pk" PRIMARY KEY("store_id","family","ref_id","view","embedding_version_id")
);
--> statement-breakpoint
ALTER TABLE "vector_entries" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "workspaces" (
	"id" text PRIMARY KEY NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "workspaces" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_store_id_stores_id_fk" FOREIGN KEY ("store_id") REFERENCES "public"."stores"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "connections" ADD CONSTRAINT "connections_store_id_stores_id_fk" FOREIGN KEY ("store_id") REFERENCES "public"."stores"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "document_deliveries" ADD CONSTRAINT "document_deliveries_document_id_knowledge_documents_id_fk" FOREIGN KEY ("document_id") REFERENCES "public"."knowledge_documents"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "document_entities" ADD CONSTRAINT "document_entities_document_id_knowledge_documents_id_fk" FOREIGN KEY ("document_id") REFERENCES "public"."knowledge_documents"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "document_parts" ADD CONSTRAINT "document_parts_document_id_knowledge_documents_id_fk" FOREIGN KEY ("document_id") REFERENCES "public"."knowledge_documents"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "embedding_versions" ADD CONSTRAINT "embedding_versions_store_id_stores_id_fk" FOREIGN KEY ("store_id") REFERENCES "public"."stores"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "knowledge_chunks" ADD CONSTRAINT "knowledge_chunks_document_id_knowledge_documents_id_fk" FOREIGN KEY ("document_id") REFERENCES "public"."knowledge_documents"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "knowledge_documents" ADD CONSTRAINT "knowledge_documents_store_id_stores_id_fk" FOREIGN KEY ("store_id") REFERENCES "public"."stores"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "stores" ADD CONSTRAINT "stores_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "api_keys_hash_index" ON "api_keys" USING btree ("hash");--> statement-breakpoint
CREATE INDEX "api_keys_workspace_id_index" ON "api_keys" USING btree ("workspace_id");--> statement-breakpoint
CREATE INDEX "connections_workspace_id_index" ON "connections" USING btree ("workspace_id");--> statement-breakpoint
CREATE INDEX "document_deliveries_workspace_id_delivery_id_index" ON "document_deliveries" USING btree ("workspace_id","delivery_id");--> statement-breakpoint
CREATE INDEX "document_entities_workspace_id_alias_id_index" ON "document_entities" USING btree ("workspace_id","alias_id");--> statement-breakpoint
CREATE UNIQUE INDEX "embedding_versions_store_id_provider_model_dimension_index" ON "embedding_versions" USING btree ("store_id","provider","model","dimension");--> statement-breakpoint
CREATE INDEX "embedding_versions_workspace_id_store_id_index" ON "embedding_versions" USING btree ("workspace_id","store_id");--> statement-breakpoint
CREATE INDEX "entities_workspace_id_kind_index" ON "entities" USING btree ("workspace_id","kind");--> statement-breakpoint
CREATE UNIQUE INDEX "entity_aliases_workspace_id_alias_type_value_index" ON "entity_aliases" USING btree ("workspace_id","alias_type","value");--> statement-breakpoint
CREATE INDEX "entity_aliases_workspace_id_entity_id_index" ON "entity_aliases" USING btree ("workspace_id","entity_id");--> statement-breakpoint
CREATE UNIQUE INDEX "ingest_deliveries_connection_id_delivery_key_index" ON "ingest_deliveries" USING btree ("connection_id","delivery_key");--> statement-breakpoint
CREATE INDEX "ingest_deliveries_waiting" ON "ingest_deliveries" USING btree ("workspace_id","store_id","due_at") WHERE state = 'received';--> statement-breakpoint
CREATE INDEX "ingest_deliveries_unarchived" ON "ingest_deliveries" USING btree ("workspace_id","store_id") WHERE state <> 'received' and body is not null;--> statement-breakpoint
CREATE INDEX "ingest_deliveries_listed" ON "ingest_deliveries" USING btree ("workspace_id","state","received_at");--> statement-breakpoint
CREATE INDEX "knowledge_chunks_workspace_id_document_id_index" ON "knowledge_chunks" USING btree ("workspace_id","document_id");--> statement-breakpoint
CREATE INDEX "knowledge_chunks_search" ON "knowledge_chunks" USING gin ("search");--> statement-breakpoint
CREATE UNIQUE INDEX "knowledge_documents_workspace_id_store_id_source_source_id_index" ON "knowledge_documents" USING btree ("workspace_id","store_id","source","source_id");--> statement-breakpoint
CREATE INDEX "knowledge_documents_workspace_id_alias_id_index" ON "knowledge_documents" USING btree ("workspace_id","alias_id");--> statement-breakpoint
CREATE INDEX "memory_observations_workspace_id_document_id_index" ON "memory_observations" USING btree ("workspace_id","document_id");--> statement-breakpoint
CREATE INDEX "memory_observations_workspace_id_store_id_occurred_at_index" ON "memory_observations" USING btree ("workspace_id","store_id","occurred_at");--> statement-breakpoint
CREATE INDEX "memory_observations_search" ON "memory_observations" USING gin ("search");--> statement-breakpoint
CREATE INDEX "relationship_evidence_workspace_id_evidence_id_index" ON "relationship_evidence" USING btree ("workspace_id","evidence_id");--> statement-breakpoint
CREATE UNIQUE INDEX "relationships_workspace_id_type_from_alias_id_to_alias_id_index" ON "relationships" USING btree ("workspace_id","type","from_alias_id","to_alias_id");--> statement-breakpoint
CREATE INDEX "relationships_workspace_id_from_alias_id_index" ON "relationships" USING btree ("workspace_id","from_alias_id");--> statement-breakpoint
CREATE INDEX "relationships_workspace_id_to_alias_id_index" ON "relationships" USING btree ("workspace_id","to_alias_id");--> statement-breakpoint
CREATE UNIQUE INDEX "scopes_workspace_id_source_key_index" ON "scopes" USING btree ("workspace_id","source","key");--> statement-breakpoint
CREATE UNIQUE INDEX "stores_workspace_id_name_index" ON "stores" USING btree ("workspace_id","name");--> statement-breakpoint
CREATE INDEX "vector_entries_owed" ON "vector_entries" USING btree ("workspace_id","store_id") WHERE wanted_hash is distinct from written_hash and parked_reason is null;--> statement-breakpoint
CREATE INDEX "vector_entries_recent" ON "vector_entries" USING btree ("workspace_id","store_id","written_at");--> statement-breakpoint
CREATE INDEX "vector_entries_removed" ON "vector_entries" USING btree ("removed_at") WHERE removed_at is not null;--> statement-breakpoint
CREATE POLICY "tenant" ON "api_keys" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "fleet" ON "api_keys" AS PERMISSIVE FOR SELECT TO "engram_fleet" USING (true);--> statement-breakpoint
CREATE POLICY "tenant" ON "connections" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "fleet" ON "connections" AS PERMISSIVE FOR SELECT TO "engram_fleet" USING (true);--> statement-breakpoint
CREATE POLICY "tenant" ON "document_deliveries" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "tenant" ON "document_entities" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "tenant" ON "document_parts" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "tenant" ON "embedding_values" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "tenant" ON "embedding_versions" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "tenant" ON "entities" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "tenant" ON "entity_aliases" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "tenant" ON "ingest_deliveries" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "fleet" ON "ingest_deliveries" AS PERMISSIVE FOR ALL TO "engram_fleet" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant" ON "knowledge_chunks" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "tenant" ON "knowledge_documents" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "tenant" ON "lanes" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "tenant" ON "memory_observations" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "tenant" ON "relationship_evidence" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "tenant" ON "relationships" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "tenant" ON "scopes" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "tenant" ON "stores" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "fleet" ON "stores" AS PERMISSIVE FOR SELECT TO "engram_fleet" USING (true);--> statement-breakpoint
CREATE POLICY "tenant" ON "vector_entries" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "fleet" ON "vector_entries" AS PERMISSIVE FOR ALL TO "engram_fleet" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant" ON "workspaces" AS PERMISSIVE FOR ALL TO "engram_app" USING (id = (select current_setting('app.workspace_id', true))) WITH CHECK (id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "fleet" ON "workspaces" AS PERMISSIVE FOR SELECT TO "engram_fleet" USING (true);