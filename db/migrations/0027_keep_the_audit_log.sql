-- What was done cannot be undone in the log, by the fleet's role or by the tables' owner. Whoever may drop the trigger may still.
REVOKE UPDATE, DELETE ON "audit_log" FROM engram_app;
--> statement-breakpoint
CREATE FUNCTION engram_keep_audit_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_log is only ever added to' USING ERRCODE = 'insufficient_privilege';
END;
$$;
--> statement-breakpoint
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON "audit_log" FOR EACH ROW EXECUTE FUNCTION engram_keep_audit_log();
--> statement-breakpoint
CREATE TRIGGER keep_all BEFORE TRUNCATE ON "audit_log" FOR EACH STATEMENT EXECUTE FUNCTION engram_keep_audit_log();
