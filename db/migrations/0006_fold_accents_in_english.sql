-- Postgres ships unaccent in its contrib; whoever may create objects in a database may create it there.
CREATE EXTENSION IF NOT EXISTS unaccent;
--> statement-breakpoint
-- English stems with accents folded first: café, cafe and cafes are one word.
CREATE TEXT SEARCH CONFIGURATION public.engram_english (COPY = pg_catalog.english);
--> statement-breakpoint
ALTER TEXT SEARCH CONFIGURATION public.engram_english ALTER MAPPING FOR hword, hword_part, word WITH unaccent, english_stem;
