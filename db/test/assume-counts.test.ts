import { testWhereCounted } from "@engram/testkit/test-where-counted"
import { beforeAll, expect, test } from "vitest"
import { assumeCounts } from "../src/assume-counts.ts"
import { useClient } from "./use-client.ts"

const context = useClient()
beforeAll(() => context.client.query("set enable_seqscan = off"))

/** As the tenant role plans it, whose policies ask for the workspace too. */
const planOf = async (query: string): Promise<string> => {
  await context.client.query("begin; set local role engram_app; select set_config('app.workspace_id', 'acme', true)")
  const { rows } = await context.client.query(`explain (generic_plan, costs off) ${query}`)
  await context.client.query("commit")
  return rows.map((row) => row["QUERY PLAN"]).join("\n")
}

testWhereCounted("rows are found by their ids, also in tables that Postgres has not counted", async () => {
  const { rows } = await context.client.query(`
    select c.relname as "table" from pg_class c join pg_index i on i.indrelid = c.oid and i.indisprimary and i.indnkeyatts = 1
    join pg_attribute k on k.attrelid = c.oid and k.attnum = i.indkey[0] and k.attname = 'id'
    join pg_attribute w on w.attrelid = c.oid and w.attname = 'workspace_id' where c.relkind = 'r'`)
  expect(rows.length).toBeGreaterThan(10)
  for (const { table } of rows) {
    expect
      .soft(await planOf(`select from ${table} where workspace_id = $1 and id = any($2::text[])`), table)
      .toContain("Index Cond: (id = ANY")
  }
})

testWhereCounted(
  "whether a vector is owed is asked of the vector, and what is owed of the index of the owed",
  async () => {
    const owed = "v.wanted_hash is distinct from v.written_hash and v.parked_reason is null"
    const one =
      await planOf(`select from knowledge_chunks c where c.workspace_id = $1 and c.document_id = $2 and exists (
    select from vector_entries v join embedding_versions e on e.id = v.embedding_version_id and e.status = 'active'
    where v.store_id = c.store_id and v.family = 'chunks' and v.ref_id = c.id and ${owed} offset 0)`)
    expect(one).toContain("(ref_id = c.id)")
    expect(one).not.toContain("vector_entries_owed")
    const inLane = "v.workspace_id = $1 and v.store_id = $2 and v.embedding_version_id = $3"
    expect(await planOf(`select from vector_entries v where ${inLane} and ${owed} limit $4`)).toContain(
      "vector_entries_owed",
    )
  },
)

test("what Postgres has counted itself stays", async () => {
  await context.client.query("insert into workspaces (id) select 'w' || n from generate_series(1, 50) n")
  await context.client.query(
    "insert into stores (id, workspace_id, name) select 's' || n, 'w' || n, 'main' from generate_series(1, 50) n",
  )
  await context.client.query("analyze stores")
  await assumeCounts(context.client)
  const { rows } = await context.client.query(
    "select n_distinct from pg_stats where tablename = 'stores' and attname = 'workspace_id'",
  )
  expect(rows).toEqual([{ n_distinct: -1 }])
})
