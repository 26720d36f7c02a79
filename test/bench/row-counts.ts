import type pg from "pg"

/** Rows that the floor of indexing and the product both keep. */
export const counted = [
  "documents",
  "chunks",
  "observations",
  "vectors",
  "entities",
  "aliases",
  "relationships",
  "evidence",
] as const

export type RowCounts = { readonly [rows in (typeof counted)[number]]: number }

/** Counts what stands in each of `tables`: a table's name, and which of its rows. */
export async function countRows(
  client: Pick<pg.Client, "query">,
  tables: { readonly [rows in keyof RowCounts]: string },
): Promise<RowCounts> {
  const counts = counted.map((rows) => `(select count(*)::int from ${tables[rows]}) as ${rows}`)
  return (await client.query(`select ${counts.join(", ")}`)).rows[0]
}
