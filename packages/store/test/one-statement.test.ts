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
  await pool.query("grant all on notes to engram_app")
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

test("one that fails writes nothing, says why, and the connection goes on", async () => {
  const database = createDatabase(pool)
  const add = "insert into notes (n) values ($1) returning workspace, n"
  await expect(database.oneInWorkspace("acme", add, [-1])).rejects.toMatchObject({ code: "row_refused" })
  expect(await database.oneInWorkspace("acme", add, [7])).toEqual([{ workspace: "acme", n: 7 }])
  expect((await pool.query("select n from notes")).rows).toEqual([{ n: 7 }])
})

test("when what comes before the statement fails, the statement does not run", async () => {
  const database = createDatabase(pool)
  const count = async () => (await pool.query("select count(*)::int as n from notes")).rows[0].n
  const before = await count()
  const add = "insert into notes (workspace, n) values ('nobody', 1)"
  await expect(database.oneInWorkspace("acme", add, [], "select nonsense")).rejects.toThrow("nonsense")
  expect(await count()).toBe(before)
})

test("a pooler that forgets prepared statements costs another try and no error", async () => {
  const database = createDatabase(pool)
  const add = "insert into notes (n) values ($1) returning n"
  await database.oneInWorkspace("acme", add, [1])
  await pool.query("deallocate all")
  expect(await database.oneInWorkspace("acme", add, [2])).toEqual([{ n: 2 }])
  await pool.query("deallocate all")
  expect(await database.oneInWorkspace("acme", add, [3])).toEqual([{ n: 3 }])
})
