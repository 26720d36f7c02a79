CREATE TABLE "accounts" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"alias_type" text NOT NULL,
	"alias_value" text NOT NULL,
	"realm" text NOT NULL,
	"kind" text NOT NULL,
	"name" text,
	"handle" text,
	"address" text,
	"hint" text,
	"verified" boolean NOT NULL,
	"link_key" text,
	"person_id" text
);
--> statement-breakpoint
ALTER TABLE "accounts" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "audit_log" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"actor" text NOT NULL,
	"action" text NOT NULL,
	"subjects" text[] NOT NULL,
	"detail" jsonb NOT NULL,
	"undoes" text
);
--> statement-breakpoint
ALTER TABLE "audit_log" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "identity_decisions" (
	"workspace_id" text NOT NULL,
	"subject" text NOT NULL,
	"object" text NOT NULL,
	"verdict" text NOT NULL,
	"leaves" text,
	"audit_id" text NOT NULL,
	CONSTRAINT "identity_decisions_workspace_id_subject_object_pk" PRIMARY KEY("workspace_id","subject","object")
);
--> statement-breakpoint
ALTER TABLE "identity_decisions" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE INDEX "accounts_workspace_id_link_key_index" ON "accounts" USING btree ("workspace_id","link_key") WHERE link_key is not null;--> statement-breakpoint
CREATE INDEX "accounts_workspace_id_person_id_index" ON "accounts" USING btree ("workspace_id","person_id");--> statement-breakpoint
CREATE INDEX "audit_log_workspace_id_at_index" ON "audit_log" USING btree ("workspace_id","at");--> statement-breakpoint
CREATE INDEX "identity_decisions_workspace_id_object_index" ON "identity_decisions" USING btree ("workspace_id","object");--> statement-breakpoint
CREATE POLICY "tenant" ON "accounts" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "tenant" ON "audit_log" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));--> statement-breakpoint
CREATE POLICY "tenant" ON "identity_decisions" AS PERMISSIVE FOR ALL TO "engram_app" USING (workspace_id = (select current_setting('app.workspace_id', true))) WITH CHECK (workspace_id = (select current_setting('app.workspace_id', true)));