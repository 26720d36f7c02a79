ALTER TABLE "memory_profiles" ADD COLUMN "weight" real DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "memory_profiles" ADD COLUMN "changed" integer DEFAULT 0 NOT NULL;