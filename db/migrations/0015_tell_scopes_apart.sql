ALTER TABLE "scopes" ADD COLUMN "live" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "scopes" ADD COLUMN "name_at" bigint DEFAULT -1 NOT NULL;--> statement-breakpoint
ALTER TABLE "scopes" ADD COLUMN "live_at" bigint DEFAULT -1 NOT NULL;--> statement-breakpoint
-- Until now a scope's name was as old as its privacy.
UPDATE "scopes" SET "name_at" = "at";
