import { createTestDatabase } from "@engram/testkit/database"
import pg from "pg"
import { afterAll, beforeAll, expect, test } from "vitest"

let client: pg.Client
let drop: () => Promise<void>
beforeAll(async () => {
  const database = await createTestDatabase()
  drop = database.drop
  client = new pg.Client({ connectionString: database.url })
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await drop()
})

test("what was done stays in the log, whoever asks for it to change: the fleet's role or the tables' owner", async () => {
  await client.query(
    "insert into audit_log (id, workspace_id, at, actor, action, subjects, detail) values ('aud_1', 'acme', now(), 'ada', 'people.link', '{}', '{}')",
  )
  for (const role of ["engram_app", "none"]) {
    await client.query(`set role ${role}; select set_config('app.workspace_id', 'acme', false)`)
    for (const change of ["update audit_log set actor = 'eve'", "delete from audit_log", "truncate audit_log"])
      await expect(client.query(change)).rejects.toMatchObject({ code: "42501" })
    expect((await client.query("select actor from audit_log")).rows).toEqual([{ actor: "ada" }])
  }
})
