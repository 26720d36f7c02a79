import { createTestDatabase, type TestDatabase } from "@engram/testkit/database"
import pg from "pg"
import { afterAll, beforeAll } from "vitest"

/** A client of a migrated database of its own, for all tests of a file. */
export function useClient(): { readonly client: pg.Client } {
  let database: TestDatabase | undefined
  let client: pg.Client | undefined
  beforeAll(async () => {
    database = await createTestDatabase()
    client = new pg.Client({ connectionString: database.url })
    await client.connect()
  })
  afterAll(async () => {
    await client?.end()
    await database?.drop()
  })
  return {
    get client() {
      return client!
    },
  }
}
