import { randomBytes } from "node:crypto"
import { createDatabase, createPool } from "@engram/store/database"
import { createTestDatabase } from "@engram/testkit/database"
import { afterAll, beforeAll, expect, test } from "vitest"

let db: Awaited<ReturnType<typeof createTestDatabase>>
let pool: ReturnType<typeof createPool>
beforeAll(async () => {
  db = await createTestDatabase()
  // One connection, so that each statement follows the last one's.
  pool = createPool(db.url, { connectionsMax: 1, applicationName: "one-statement" })
  await pool.query(
    "create table notes (workspace text default current_setting('app.workspace_id'), n int check (n > 0))",
  )
  await pool.query("grant all on notes to engram_app, engram_fleet")
})
afterAll(async () => {
  await pool.end()
  await db.drop()
})

const who = "select current_user::text as role, current_setting('app.workspace_id', true) as workspace"

test("a statement of its own runs as the tenant role in its workspace, and leaves nothing of that behind", async () => {
  const database = createDatabase(pool)
  const [inside] = await database.oneInWorkspace<{ role: string; workspace: string }>("acme", who)
  expect(inside).toEqual({ role: "engram_app", workspace: "acme" })
  const { rows } = await pool.query(who)
  expect(rows[0].role).not.toBe("engram_app")
  expect(rows[0].workspace).toBe("")
})

test("Postgres compiles none of the statements, in whichever transaction, and may compile others'", async () => {
  const database = createDatabase(pool)
  const asked = "select current_setting('jit') as jit"
  expect([
    await database.oneInWorkspace("acme", asked),
    await database.oneAsFleet(asked),
    await database.inWorkspace("acme", (tx) => tx.query(asked)),
    await database.inWorkspacePlanned("acme", (tx) => tx.query(asked)),
    await database.asFleet((tx) => tx.query(asked)),
  ]).toEqual(Array.from({ length: 5 }, () => [{ jit: "off" }]))
  expect((await pool.query(asked)).rows).toEqual([{ jit: "on" }])
})

test("one that fails writes nothing, says why, and the connection goes on", async () => {
  const database = createDatabase(pool)
  const add = "insert into notes (n) values ($1) returning workspace, n"
  await expect(database.oneInWorkspace("acme", add, [-1])).rejects.toMatchObject({ code: "row_refused" })
  expect(await database.oneInWorkspace("acme", add, [7])).toEqual([{ workspace: "acme", n: 7 }])
  expect((await pool.query("select n from notes")).rows).toEqual([{ n: 7 }])
})

test("what is too long for an index is refused for good", async () => {
  await pool.query("create table words (word text unique)")
  await pool.query("grant all on words to engram_app")
  const add = createDatabase(pool).oneInWorkspace("acme", "insert into words values ($1)", [
    randomBytes(5_000).toString("base64"),
  ])
  await expect(add).rejects.toMatchObject({ code: "row_refused" })
})

test("one of the fleet runs as its role, writes all or nothing, and leaves nothing of that behind", async () => {
  const database = createDatabase(pool)
  expect(await database.oneAsFleet<{ role: string }>(who)).toMatchObject([{ role: "engram_fleet" }])
  const add = "insert into notes (workspace, n) select 'fleet', unnest($1::int[]) returning n"
  await expect(database.oneAsFleet(add, [[1, -1]])).rejects.toMatchObject({ code: "row_refused" })
  expect(await database.oneAsFleet(add, [[5, 6]])).toEqual([{ n: 5 }, { n: 6 }])
  const { rows } = await pool.query(
    "delete from notes where workspace = 'fleet' returning n, current_user::text as role",
  )
  expect(rows.map(({ n }) => n)).toEqual([5, 6])
  expect(rows[0].role).not.toBe("engram_fleet")
})

test("when the role cannot be taken, the statement does not run, and the connection goes on", async () => {
  const database = createDatabase(pool)
  const count = async () => (await pool.query("select count(*)::int as n from notes")).rows[0].n
  const before = await count()
  const add = "insert into notes (workspace, n) values ('nobody', 1)"
  await expect(database.oneInWorkspace("no\0where", add)).rejects.toThrow()
  const outsider = `outsider_${randomBytes(6).toString("hex")}`
  await pool.query(`create role ${outsider} login password 'outside'; grant all on notes to ${outsider}`)
  const outside = createPool(Object.assign(new URL(db.url), { username: outsider, password: "outside" }).href, {
    connectionsMax: 1,
    applicationName: "one-statement",
  })
  await expect(createDatabase(outside).oneInWorkspace("acme", add)).rejects.toThrow("permission denied to set role")
  await expect(createDatabase(outside).oneAsFleet(add)).rejects.toThrow("permission denied to set role")
  await outside.end()
  await pool.query(`drop owned by ${outsider}; drop role ${outsider}`)
  expect(await count()).toBe(before)
  expect(await database.oneInWorkspace("acme", "select 1 as one")).toEqual([{ one: 1 }])
})

test("after one whose role could not be taken the connection still keeps the statements' plans", async () => {
  const fresh = createPool(db.url, { connectionsMax: 1, applicationName: "one-statement" })
  const database = createDatabase(fresh)
  await expect(database.oneInWorkspace("no\0where", who)).rejects.toThrow()
  await database.oneInWorkspace("acme", who)
  const { rows } = await fresh.query("select statement from pg_prepared_statements")
  expect(rows).toContainEqual({ statement: who })
  await fresh.end()
})

test("statements of many workspaces at once each see their own", async () => {
  const many = createPool(db.url, { connectionsMax: 3, applicationName: "one-statement" })
  const database = createDatabase(many)
  const seen = await Promise.all(
    Array.from({ length: 60 }, (_, at) => database.oneInWorkspace<{ workspace: string }>(`w${at}`, who)),
  )
  expect(seen.map(([row]) => row!.workspace)).toEqual(Array.from({ length: 60 }, (_, at) => `w${at}`))
  await many.end()
})

test("a pooler that forgets prepared statements costs another try and no error", async () => {
  const database = createDatabase(pool)
  const add = "insert into notes (n) values ($1) returning n"
  await database.oneInWorkspace("acme", add, [1])
  await pool.query("deallocate all")
  expect(await database.oneInWorkspace("acme", add, [2])).toEqual([{ n: 2 }])
  await pool.query("deallocate all")
  expect(await database.oneInWorkspace("acme", add, [3])).toEqual([{ n: 3 }])
  const other = createDatabase(pool)
  expect(await other.oneAsFleet("select 4 as n")).toEqual([{ n: 4 }])
  await pool.query("deallocate all")
  expect(await other.oneAsFleet("select 4 as n")).toEqual([{ n: 4 }])
})
