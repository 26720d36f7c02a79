import type pg from "pg"

/** As in `pg_stats`: the share of rows without a value, and how many values there are, where -1 is one a row. */
interface Counts {
  readonly nullFrac: number
  readonly nDistinct: number
}
const one: Counts = { nullFrac: 0, nDistinct: 1 }
const few: Counts = { nullFrac: 0, nDistinct: 3 }
const oneEach: Counts = { nullFrac: 0, nDistinct: -1 }
const none: Counts = { nullFrac: 1, nDistinct: 0 }

/** One workspace with one store. Vectors are told apart by what they are of, and hardly any is owed. */
const anyTable = { workspace_id: one, store_id: one }
const vectorEntries = {
  family: few,
  ref_id: oneEach,
  view: few,
  embedding_version_id: one,
  text_hash: oneEach,
  wanted_hash: oneEach,
  written_hash: oneEach,
  removed_at: none,
  parked_reason: none,
}

/**
 * Tells Postgres what to take for granted of tables it has not counted. By itself it takes a workspace for a two-hundredth of a table,
 * so it reads all of a workspace where a statement asks for a few ids, and a connection that planned the statement then goes on so until
 * the table is counted. Postgres can be told from version 18 on; an older one is left as it is.
 */
export async function assumeCounts(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query("select to_regproc('pg_restore_attribute_stats') is not null as can")
  if (!rows[0].can) return
  const assumed = [...columns(null, anyTable), ...columns("vector_entries", vectorEntries)]
  await client.query(
    `select pg_restore_attribute_stats('schemaname', 'public', 'relname', c.relname::text, 'attname', a.attname::text,
       'inherited', false, 'null_frac', k."nullFrac", 'avg_width', 32, 'n_distinct', k."nDistinct")
     from json_to_recordset($1) as k("table" text, "column" text, "nullFrac" real, "nDistinct" real)
     join pg_class c on c.relname = coalesce(k."table", c.relname) and c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
       and c.reltuples < 0 and has_table_privilege(c.oid, 'MAINTAIN')
     join pg_attribute a on a.attrelid = c.oid and a.attname = k."column"`,
    [JSON.stringify(assumed)],
  )
}

const columns = (table: string | null, counts: { readonly [column: string]: Counts }): object[] =>
  Object.entries(counts).map(([column, each]) => ({ table, column, ...each }))
