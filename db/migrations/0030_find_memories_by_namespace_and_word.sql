-- The words of a memory, each hashed with its namespace: one index entry per namespace and word, so that a search reads the entries
-- it needs and nothing of other namespaces. Numbers, since they cost a write half of what the words themselves cost it (measured).
CREATE FUNCTION engram_memory_words(namespace_id text, search tsvector) RETURNS bigint[]
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN ARRAY(SELECT hashtextextended(lexeme, hashtextextended(namespace_id, 0)) FROM unnest(search));
--> statement-breakpoint
DROP FUNCTION engram_matching_memories;
--> statement-breakpoint
GRANT SELECT (kind, expires_at, pin, created_at) ON memory_records TO engram_finder;
--> statement-breakpoint
-- The best `best_max` memories of these namespaces that have any of the words. Of a namespace where more than `matches_max` have
-- one, those are ranked that have all of them, and for each word as many as its share: a rare word's all, a common one's some. As
-- for chunks, the function sees to the tenant policy itself. plpgsql, because every Postgres keeps its plans. `COLLATE` keeps the
-- planner from the index of namespaces alone, whose rows it thinks fewer than they are.
CREATE FUNCTION engram_matching_memories(namespaces text[], kinds text[], query tsvector, matches_max int, best_max int)
  RETURNS TABLE (id text, rank float8)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
  workspace text := current_setting('app.workspace_id', true);
  any_word tsquery := (SELECT string_agg('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''', '|') FROM unnest(query))::tsquery;
BEGIN
  RETURN QUERY
  SELECT f.id, f.rank FROM unnest(namespaces) n
  CROSS JOIN LATERAL (SELECT public.engram_memory_words(n, query) AS words) w
  CROSS JOIN LATERAL (
    WITH matching AS MATERIALIZED (
      SELECT r.id, r.search, r.pin, r.created_at FROM public.memory_records r
      WHERE public.engram_memory_words(r.namespace_id, r.search) && w.words
        AND r.namespace_id COLLATE "POSIX" = n AND r.workspace_id = workspace
        AND (kinds IS NULL OR r.kind = ANY (kinds)) AND (r.expires_at IS NULL OR r.expires_at > now())
      LIMIT matches_max + 1),
    having_all AS (
      SELECT r.id, r.search, r.pin, r.created_at FROM public.memory_records r
      WHERE (SELECT count(*) FROM matching) > matches_max
        AND public.engram_memory_words(r.namespace_id, r.search) @> w.words
        AND r.namespace_id COLLATE "POSIX" = n AND r.workspace_id = workspace
        AND (kinds IS NULL OR r.kind = ANY (kinds)) AND (r.expires_at IS NULL OR r.expires_at > now())
      LIMIT matches_max),
    having_one AS (
      SELECT c.* FROM unnest(w.words) word CROSS JOIN LATERAL (
        SELECT r.id, r.search, r.pin, r.created_at FROM public.memory_records r
        WHERE (SELECT count(*) FROM matching) > matches_max
          AND public.engram_memory_words(r.namespace_id, r.search) @> ARRAY[word]
          AND r.namespace_id COLLATE "POSIX" = n AND r.workspace_id = workspace
          AND (kinds IS NULL OR r.kind = ANY (kinds)) AND (r.expires_at IS NULL OR r.expires_at > now())
        LIMIT matches_max / cardinality(w.words) + 1) c)
    SELECT m.id, m.pin, m.created_at, (CASE WHEN m.search = query THEN 1 ELSE 0 END
      + ts_rank(m.search, any_word) / (1 + ln(1 + length(m.search) / 64::float8)))::float8 AS rank
    FROM (
      SELECT * FROM matching WHERE (SELECT count(*) FROM matching) <= matches_max
      UNION ALL SELECT DISTINCT ON (c.id) c.* FROM (TABLE having_all UNION ALL TABLE having_one) c) m) f
  ORDER BY f.rank DESC, coalesce(f.pin, false) DESC, f.created_at DESC, f.id LIMIT best_max;
END;
$$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION engram_matching_memories FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION engram_matching_memories TO engram_app;
--> statement-breakpoint
GRANT CREATE ON SCHEMA public TO engram_finder;
--> statement-breakpoint
ALTER FUNCTION engram_matching_memories OWNER TO engram_finder;
--> statement-breakpoint
REVOKE CREATE ON SCHEMA public FROM engram_finder;
