ALTER TABLE "workspaces" ADD COLUMN "redact_emails" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "workspaces" ADD COLUMN "redact_phones" text;--> statement-breakpoint
ALTER TABLE "workspaces" ADD COLUMN "keep_raw" boolean DEFAULT true NOT NULL;