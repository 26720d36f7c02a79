import { readdir, readFile } from "node:fs/promises"
import { aliasId, entityId } from "@engram/core/ids"
import { createTestDatabase, type TestDatabase } from "@engram/testkit/database"
import pg from "pg"
import { afterEach, expect, test } from "vitest"
import { migrate, pendingMigrations } from "../src/migrate.ts"

const clients: pg.Client[] = []
const databases: TestDatabase[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) await client.end()
  for (const database of databases.splice(0)) await database.drop()
})

async function emptyDatabase(): Promise<() => Promise<pg.Client>> {
  const database = await createTestDatabase({ empty: true })
  databases.push(database)
  return async () => {
    const client = new pg.Client({ connectionString: database.url })
    clients.push(client)
    await client.connect()
    return client
  }
}

test("migrating an empty database takes every migration, and migrating again takes none", async () => {
  const client = await (await emptyDatabase())()
  const pending = await pendingMigrations(client)
  expect(pending.length).toBeGreaterThan(0)
  expect(await migrate(client)).toBe(pending.length)
  expect(await pendingMigrations(client)).toEqual([])
  expect(await migrate(client)).toBe(0)
})

test("processes that migrate at once take each migration once between them", async () => {
  const connect = await emptyDatabase()
  const racing = await Promise.all(Array.from({ length: 5 }, connect))
  const pending = await pendingMigrations(racing[0]!)
  const taken = await Promise.all(racing.map(migrate))
  expect(taken.reduce((sum, each) => sum + each, 0)).toBe(pending.length)
  expect(await pendingMigrations(racing[0]!)).toEqual([])
})

test("two new databases of one cluster migrate at once, though roles belong to both", async () => {
  const both = await Promise.all([emptyDatabase(), emptyDatabase()])
  const taken = await Promise.all(both.map(async (connect) => migrate(await connect())))
  expect(taken[0]).toBe(taken[1])
})

test("accounts that were known before people were are people by themselves, bots and organizations nobody", async () => {
  const client = await (await emptyDatabase())()
  await migrate(client)
  const account = async (value: string, fields: Record<string, unknown>) => {
    const alias = { type: "github:user", value }
    const id = entityId("acme", alias)
    const state = { fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, { value }])) }
    await client.query("insert into entities (id, workspace_id, kind, state) values ($1, 'acme', 'account', $2)", [
      id,
      state,
    ])
    for (const each of [alias, { type: "github:login", value: String(fields.login) }])
      await client.query(
        "insert into entity_aliases (id, workspace_id, alias_type, value, entity_id, at) values ($1, 'acme', $2, $3, $4, 0)",
        [aliasId("acme", each), each.type, each.value, id],
      )
    return id
  }
  await client.query("insert into workspaces (id) values ('acme')")
  const mona = await account("1", { login: "mona", name: "Mona Lisa" })
  const bot = await account("2", { login: "dependabot[bot]", bot: true })
  const acme = await account("3", { login: "acme", type: "Organization" })

  const folder = new URL("../migrations/", import.meta.url)
  const name = (await readdir(folder)).find((each) => each.endsWith("_grant_people.sql"))!
  const file = await readFile(new URL(name, folder), "utf8")
  await client.query(file.slice(file.indexOf("DO $$")))
  const { rows } = await client.query(
    "select id, realm, kind, name, handle, person_id from accounts order by handle desc",
  )
  const realm = "github:user"
  expect(rows).toEqual([
    { id: mona, realm, kind: "person", name: "Mona Lisa", handle: "mona", person_id: mona },
    { id: bot, realm, kind: "bot", name: null, handle: "dependabot[bot]", person_id: null },
    { id: acme, realm, kind: "organization", name: null, handle: "acme", person_id: null },
  ])
})
