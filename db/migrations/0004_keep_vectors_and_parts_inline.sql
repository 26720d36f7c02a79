-- Values of vectors do not compress, and parts are read and written with every delivery: up to a page they stay in their
-- rows as they are, instead of being tried for compression and moved out at 2 KB.
ALTER TABLE "embedding_values" ALTER COLUMN "values" SET STORAGE EXTERNAL;
--> statement-breakpoint
ALTER TABLE "embedding_values" SET (toast_tuple_target = 8160);
--> statement-breakpoint
ALTER TABLE "document_parts" ALTER COLUMN "state" SET STORAGE EXTERNAL;
--> statement-breakpoint
ALTER TABLE "document_parts" SET (toast_tuple_target = 8160);
