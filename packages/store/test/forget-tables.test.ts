import { createPool } from "@engram/store/database"
import { tablesForgotten } from "@engram/store/forget/tables"
import { createTestDatabase } from "@engram/testkit/database"
import { expect, test } from "vitest"

test("every table there is has been decided for forgetting", async () => {
  const database = await createTestDatabase()
  const pool = createPool(database.url, { connectionsMax: 1, applicationName: "test" })
  try {
    const { rows } = await pool.query<{ name: string }>(
      "select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
    )
    expect(Object.keys(tablesForgotten).sort()).toEqual(rows.map(({ name }) => name).sort())
  } finally {
    await pool.end()
    await database.drop()
  }
})
