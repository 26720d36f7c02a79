-- A memory has one entry in the index of words, a signature of all its words behind the namespace's hash, where it had one for each of its
-- eighteen words: those were half of what writing it took Postgres. A search reads the entries of its namespaces (decision 27 has the figures).
-- btree_gist is in Postgres' contrib as unaccent is; whoever may create objects in a database may create it there.
CREATE EXTENSION IF NOT EXISTS btree_gist;
--> statement-breakpoint
DROP INDEX "memory_records_words";
--> statement-breakpoint
CREATE INDEX "memory_records_words" ON "memory_records" USING gist (hashtextextended(namespace_id, 0),search tsvector_ops(siglen=256));
--> statement-breakpoint
DROP FUNCTION engram_ranked_memories, engram_chosen_memories;
--> statement-breakpoint
-- The memories of these namespaces that have any of the words, each with its rank. Where one of the namespaces has more than `matches_max`
-- of them, one row has no rank, and the answer is to be had of `engram_chosen_memories`. As for chunks, the function sees to the tenant
-- policy itself. plpgsql, because every Postgres keeps its plans. A query for each namespace, because it tells how many rows it gave; for all
-- of them the rows would have to be numbered, and kept for that. `COLLATE` keeps the planner from the index of namespaces alone.
CREATE FUNCTION engram_ranked_memories(namespaces text[], kinds text[], query tsvector, matches_max int)
  RETURNS TABLE (id text, rank float8, pin boolean, created_at timestamptz)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
  workspace text := current_setting('app.workspace_id', true);
  any_word tsquery := (SELECT string_agg('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''', '|') FROM unnest(query))::tsquery;
  namespace text;
  matches int;
BEGIN
  FOREACH namespace IN ARRAY namespaces LOOP
    RETURN QUERY
    SELECT r.id, (CASE WHEN r.search = query THEN 1 ELSE 0 END
      + ts_rank(r.search, any_word) / (1 + ln(1 + length(r.search) / 64::float8)))::float8, r.pin, r.created_at
    FROM public.memory_records r
    WHERE hashtextextended(r.namespace_id, 0) = hashtextextended(namespace, 0) AND r.search @@ any_word
      AND r.namespace_id COLLATE "POSIX" = namespace AND r.workspace_id = workspace
      AND (kinds IS NULL OR r.kind = ANY (kinds)) AND (r.expires_at IS NULL OR r.expires_at > now())
    LIMIT matches_max + 1;
    GET DIAGNOSTICS matches = ROW_COUNT;
    IF matches > matches_max THEN
      RETURN QUERY SELECT NULL::text, NULL::float8, NULL::boolean, NULL::timestamptz;
      RETURN;
    END IF;
  END LOOP;
END;
$$;
--> statement-breakpoint
-- The same where a namespace has more matches than that: those are ranked that have all of the words, and for each word as many as its share: a
-- rare word's all, a common one's some. Each word is a look through the namespace's entries, so of more than a hundred the longest count.
CREATE FUNCTION engram_chosen_memories(namespaces text[], kinds text[], query tsvector, matches_max int)
  RETURNS TABLE (id text, rank float8, pin boolean, created_at timestamptz)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
  workspace text := current_setting('app.workspace_id', true);
  words text[] := (SELECT array_agg('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''' ORDER BY length(lexeme) DESC) FROM unnest(query));
  any_word tsquery := array_to_string(words, '|')::tsquery;
  all_words tsquery := array_to_string(words, '&')::tsquery;
  longest text[] := words[:100];
BEGIN
  RETURN QUERY
  SELECT f.id, f.rank, f.pin, f.created_at FROM unnest(namespaces) n
  CROSS JOIN LATERAL (
    WITH matching AS MATERIALIZED (
      SELECT r.id, r.search, r.pin, r.created_at FROM public.memory_records r
      WHERE hashtextextended(r.namespace_id, 0) = hashtextextended(n, 0) AND r.search @@ any_word
        AND r.namespace_id COLLATE "POSIX" = n AND r.workspace_id = workspace
        AND (kinds IS NULL OR r.kind = ANY (kinds)) AND (r.expires_at IS NULL OR r.expires_at > now())
      LIMIT matches_max + 1),
    having_all AS (
      SELECT r.id, r.search, r.pin, r.created_at FROM public.memory_records r
      WHERE (SELECT count(*) FROM matching) > matches_max
        AND hashtextextended(r.namespace_id, 0) = hashtextextended(n, 0) AND r.search @@ all_words
        AND r.namespace_id COLLATE "POSIX" = n AND r.workspace_id = workspace
        AND (kinds IS NULL OR r.kind = ANY (kinds)) AND (r.expires_at IS NULL OR r.expires_at > now())
      LIMIT matches_max),
    having_one AS (
      SELECT c.* FROM (SELECT unnest(longest)::tsquery AS word) w CROSS JOIN LATERAL (
        SELECT r.id, r.search, r.pin, r.created_at FROM public.memory_records r
        WHERE (SELECT count(*) FROM matching) > matches_max
          AND hashtextextended(r.namespace_id, 0) = hashtextextended(n, 0) AND r.search @@ w.word
          AND r.namespace_id COLLATE "POSIX" = n AND r.workspace_id = workspace
          AND (kinds IS NULL OR r.kind = ANY (kinds)) AND (r.expires_at IS NULL OR r.expires_at > now())
        LIMIT matches_max / cardinality(longest) + 1) c)
    SELECT m.id, m.pin, m.created_at, (CASE WHEN m.search = query THEN 1 ELSE 0 END
      + ts_rank(m.search, any_word) / (1 + ln(1 + length(m.search) / 64::float8)))::float8 AS rank
    FROM (
      SELECT * FROM matching WHERE (SELECT count(*) FROM matching) <= matches_max
      UNION ALL SELECT DISTINCT ON (c.id) c.* FROM (TABLE having_all UNION ALL TABLE having_one) c) m) f;
END;
$$;
--> statement-breakpoint
DROP FUNCTION engram_memory_words;
--> statement-breakpoint
DROP FUNCTION engram_memory_word;
--> statement-breakpoint
REVOKE ALL ON FUNCTION engram_ranked_memories, engram_chosen_memories FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION engram_ranked_memories, engram_chosen_memories TO engram_app;
--> statement-breakpoint
GRANT CREATE ON SCHEMA public TO engram_finder;
--> statement-breakpoint
ALTER FUNCTION engram_ranked_memories OWNER TO engram_finder;
--> statement-breakpoint
ALTER FUNCTION engram_chosen_memories OWNER TO engram_finder;
--> statement-breakpoint
REVOKE CREATE ON SCHEMA public FROM engram_finder;
