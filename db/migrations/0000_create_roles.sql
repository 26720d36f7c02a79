-- Roles belong to the cluster, not to the database, so they may exist already; two migrations may also race to make them.
-- Neither can log in: a transaction takes one with SET LOCAL ROLE, which the connecting user must be a member of.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['engram_app', 'engram_fleet'] LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS', name);
      END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    IF NOT pg_has_role(current_user, name, 'MEMBER') THEN
      EXECUTE format('GRANT %I TO CURRENT_USER', name);
    END IF;
  END LOOP;
END $$;
