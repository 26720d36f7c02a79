import type { Workbench } from "./workbench.ts"

/** A row that holds one of the texts, and where. */
export interface Found {
  readonly table: string
  readonly column: string
  readonly text: string
}

/**
 * Looks for the texts in every column of every table, whatever its type: text, JSON, arrays, search vectors, bytes. `except`
 * names columns that may hold them: `ingest_deliveries.body`.
 */
export async function everyColumn(
  bench: Pick<Workbench, "rows">,
  texts: readonly string[],
  { except = [] as readonly string[] } = {},
): Promise<Found[]> {
  const columns = await bench.rows<{ table: string; column: string; type: string }>(
    `select c.table_name as table, c.column_name as column, c.udt_name as type from information_schema.columns c
     join information_schema.tables t using (table_schema, table_name)
     where c.table_schema = 'public' and t.table_type = 'BASE TABLE' order by 1, 2`,
  )
  const found: Found[] = []
  for (const { table, column, type } of columns) {
    if (except.includes(`${table}.${column}`)) continue
    // Bytes are looked through as text of one character a byte.
    const said = type === "bytea" ? `encode("${column}", 'escape')` : `"${column}"::text`
    const rows = await bench.rows<{ text: string }>(
      `select t as text from unnest($1::text[]) as t
       where exists (select from "${table}" where position(lower(t) in lower(${said})) > 0
                        or position(lower(to_json(t)::text) in lower('"' || ${said} || '"')) > 0)`,
      [texts],
    )
    for (const { text } of rows) found.push({ table, column, text })
  }
  return found
}
