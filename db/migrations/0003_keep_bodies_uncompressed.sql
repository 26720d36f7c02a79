-- Bodies stay for seconds, are read once whole, and then leave for object storage: compressing them costs more than it saves.
ALTER TABLE "ingest_deliveries" ALTER COLUMN "body" SET STORAGE EXTERNAL;
