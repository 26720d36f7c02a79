GRANT SELECT ON "document_entities" TO engram_app;
