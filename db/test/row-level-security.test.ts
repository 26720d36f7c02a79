import { createTestDatabase } from "@engram/testkit/database"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, test } from "vitest"

/** The narrow role may span workspaces in these tables and, in each, do this. */
const fleetMay: { readonly [table: string]: string } = {
  workspaces: "SELECT",
  stores: "SELECT",
  connections: "SELECT",
  consolidation_marks: "SELECT",
  consolidation_runs: "SELECT",
  api_keys: "SELECT",
  ingest_deliveries: "INSERT,SELECT,UPDATE",
  vector_entries: "DELETE,SELECT,UPDATE",
  wanted_fetches: "SELECT",
}

/** Nobody may change rows of these, also not their own. */
const appended = new Set(["suppressions", "consolidation_marks", "audit_log"])

interface Column {
  readonly name: string
  readonly type: string
}

describe("row-level security", () => {
  let client: pg.Client
  let drop: () => Promise<void>
  let tables: string[]

  beforeAll(async () => {
    const database = await createTestDatabase()
    drop = database.drop
    client = new pg.Client({ connectionString: database.url })
    await client.connect()
    tables = await column(
      "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by 1",
    )
    // As the owner, and without foreign keys, so that every table can be filled by itself.
    await client.query("set session_replication_role = replica")
    for (const table of tables) for (const workspace of ["ours", "theirs"]) await fill(table, workspace)
    await client.query("set session_replication_role = default")
  })
  afterAll(async () => {
    await client?.end()
    await drop?.()
  })

  const column = async (query: string, values: unknown[] = []): Promise<string[]> =>
    (await client.query({ text: query, values, rowMode: "array" })).rows.map(([value]) => String(value))

  /** One row of made-up values in every column that must have one. */
  const fill = async (table: string, workspace: string): Promise<void> => {
    const { rows } = await client.query<Column>(
      `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
        where attrelid = $1::regclass and attnum > 0 and not attisdropped and attnotnull and not atthasdef and attidentity = ''`,
      [table],
    )
    const names = rows.map(({ name }) => `"${name}"`).join(", ")
    const values = rows.map((each) => valueFor(each, table, workspace))
    const places = values.map((_, index) => `$${index + 1}`).join(", ")
    await client.query(`insert into "${table}" (${names}) values (${places})`, values)
  }

  const tenantColumn = (table: string) => (table === "workspaces" ? "id" : "workspace_id")

  /** The workspaces that show, to a role that names `workspace`, or none. */
  const seen = async (role: string, table: string, workspace?: string): Promise<string[]> => {
    await client.query(`begin; set local role ${role}`)
    try {
      if (workspace !== undefined) await client.query("select set_config('app.workspace_id', $1, true)", [workspace])
      return await column(`select ${tenantColumn(table)} from "${table}" order by 1`)
    } finally {
      await client.query("rollback")
    }
  }

  /** What a statement changes, or the words it is refused with. */
  const attempt = async (role: string, workspace: string, statement: string): Promise<number | string> => {
    await client.query(`begin; set local role ${role}`)
    try {
      await client.query("select set_config('app.workspace_id', $1, true)", [workspace])
      return (await client.query(statement)).rowCount ?? 0
    } catch (error) {
      return (error as Error).message
    } finally {
      await client.query("rollback")
    }
  }

  test("covers every table there is, for its owner too", async () => {
    expect(tables.length).toBeGreaterThanOrEqual(18)
    const open = await column(
      "select relname from pg_class where relname = any($1) and not (relrowsecurity and relforcerowsecurity)",
      [tables],
    )
    expect(open).toEqual([])
    const without = await column(
      "select t from unnest($1::text[]) t where not exists (select from pg_policies where tablename = t and 'engram_app' = any(roles))",
      [tables],
    )
    expect(without).toEqual([])
  })

  test("rests on roles that cannot get around it", async () => {
    const strong = await column(
      "select rolname from pg_roles where rolname in ('engram_app', 'engram_fleet', 'engram_finder') and (rolsuper or rolbypassrls or rolcanlogin or rolcreaterole)",
    )
    expect(strong).toEqual([])
    const owned = await column(
      "select tablename from pg_tables where tableowner in ('engram_app', 'engram_fleet', 'engram_finder')",
    )
    expect(owned).toEqual([])
  })

  test("shows each table's rows to the workspace that is named, and to nobody else", async () => {
    for (const table of tables) {
      expect([table, await seen("engram_app", table, "ours")]).toEqual([table, ["ours"]])
      expect([table, await seen("engram_app", table, "nobody")]).toEqual([table, []])
      expect([table, await seen("engram_app", table, "")]).toEqual([table, []])
      expect([table, await seen("engram_app", table)]).toEqual([table, []])
    }
  })

  test("a session that never named a workspace sees nothing, without an error", async () => {
    const database = new URL(process.env.TEST_DATABASE_URL ?? "")
    const fresh = new pg.Client({ connectionString: database.href })
    await fresh.connect()
    await fresh.query("begin; set local role engram_app")
    for (const table of tables) expect((await fresh.query(`select from "${table}"`)).rowCount).toBe(0)
    await fresh.end()
  })

  test("lets nobody change, take over, or plant rows of another workspace", async () => {
    for (const table of tables.filter((each) => !appended.has(each))) {
      const id = tenantColumn(table)
      const theirs = `where ${id} = 'theirs'`
      expect([table, await attempt("engram_app", "ours", `delete from "${table}" ${theirs}`)]).toEqual([table, 0])
      expect([table, await attempt("engram_app", "ours", `update "${table}" set ${id} = 'ours' ${theirs}`)]).toEqual([
        table,
        0,
      ])
      expect(await attempt("engram_app", "ours", `update "${table}" set ${id} = 'theirs'`)).toContain(
        "row-level security",
      )
    }
  })

  test("lets nobody change or remove a suppression, also of their own workspace, or plant one in another", async () => {
    for (const statement of ["delete from suppressions", "update suppressions set hash = 'x'"]) {
      for (const role of ["engram_app", "engram_fleet"]) {
        expect(await attempt(role, "ours", statement)).toContain("permission denied")
      }
    }
    const planted = `insert into suppressions (workspace_id, kind, hash, key_id, forgetting_id) values ('theirs', 'source', 'h', 'k', 'f')`
    expect(await attempt("engram_app", "ours", planted)).toContain("row-level security")
  })

  test("holds in the functions that find text, which nobody but a named workspace can use", async () => {
    await client.query("update knowledge_chunks set text = 'lighthouse', version_to = null")
    await client.query("update memory_observations set text = 'lighthouse', live = true")
    await client.query("update memory_summaries set text = 'lighthouse'")
    await client.query("update memory_records set content = 'lighthouse'")
    const namespaces = "array['ours-namespace_id', 'theirs-namespace_id']"
    const calls = {
      engram_matching_chunks: "s, 'lighthous'",
      engram_matching_observations: "s, 'lighthous'",
      engram_matching_summaries: "s, 'lighthous'",
      engram_ranked_memories: `${namespaces}, null, to_tsvector('english', 'lighthouse'), 10`,
      engram_chosen_memories: `${namespaces}, null, to_tsvector('english', 'lighthouse'), 10`,
    }
    const found = async (finder: keyof typeof calls, workspace?: string): Promise<string[]> => {
      await client.query("begin; set local role engram_app")
      try {
        if (workspace !== undefined) await client.query("select set_config('app.workspace_id', $1, true)", [workspace])
        const each = `select distinct f.id from unnest(array['ours-store_id', 'theirs-store_id']) s, ${finder}(${calls[finder]}) f`
        return await column(each)
      } finally {
        await client.query("rollback")
      }
    }
    for (const finder of Object.keys(calls) as (keyof typeof calls)[]) {
      expect(await found(finder, "ours")).toEqual(["ours-id"])
      expect(await found(finder, "theirs")).toEqual(["theirs-id"])
      expect(await found(finder, "nobody")).toEqual([])
      expect(await found(finder, "")).toEqual([])
      expect(await found(finder)).toEqual([])
      const call = `select ${finder}(${calls[finder]}) from (select 'ours-store_id'::text as s) one`
      expect(await attempt("engram_fleet", "ours", call)).toContain("permission denied")
    }
    const columns = await column(
      "select distinct column_name from information_schema.column_privileges where grantee = 'engram_finder' order by 1",
    )
    expect(columns).toEqual([
      ...["created_at", "expires_at", "id", "kind", "live", "namespace_id", "pin", "search", "store_id", "version_to"],
      "workspace_id",
    ])
    for (const role of ["engram_app", "engram_fleet"]) {
      const [member] = await column("select pg_has_role($1, 'engram_finder', 'MEMBER')", [role])
      expect(member).toBe("false")
    }
  })

  test("shows the fleet where memories are over, and nothing of what they say", async () => {
    const columns = await column(
      `select table_name || '.' || column_name from information_schema.column_privileges
        where grantee = 'engram_fleet' and table_name in ('memory_namespaces', 'memory_records') order by 1`,
    )
    expect(columns).toEqual([
      "memory_namespaces.ended_at",
      "memory_namespaces.expires_at",
      "memory_namespaces.store_id",
      "memory_namespaces.workspace_id",
      "memory_records.expires_at",
      "memory_records.store_id",
      "memory_records.workspace_id",
    ])
  })

  test("lets the fleet span workspaces in the tables it works on, and no further", async () => {
    for (const table of tables) {
      const granted = await column(
        "select privilege_type from information_schema.role_table_grants where grantee = 'engram_fleet' and table_name = $1 order by 1",
        [table],
      )
      expect([table, granted.join()]).toEqual([table, fleetMay[table] ?? ""])
      if (fleetMay[table]) expect([table, await seen("engram_fleet", table)]).toEqual([table, ["ours", "theirs"]])
    }
  })
})

function valueFor({ name, type }: Column, table: string, workspace: string): unknown {
  if (name === "workspace_id" || (table === "workspaces" && name === "id")) return workspace
  if (type.endsWith("[]")) return []
  if (type === "jsonb") return "{}"
  if (type === "bytea") return Buffer.from("x")
  if (type === "boolean") return true
  if (type === "date" || type.startsWith("timestamp")) return new Date(0)
  if (/int|real|double|numeric/.test(type)) return 1
  return `${workspace}-${name}`
}
