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
