import { createPool } from "@engram/store/database"
import { createTestDatabase } from "@engram/testkit/database"
import { expect, test } from "vitest"

test("once a pool has ended, Postgres counts none of its connections", async () => {
  const database = await createTestDatabase({ empty: true })
  const watch = createPool(database.url, { connectionsMax: 1, applicationName: "watch" })
  const pool = createPool(database.url, { connectionsMax: 20, applicationName: "ending" })
  try {
    const connected = async () =>
      (await watch.query("select from pg_stat_activity where application_name = 'ending'")).rowCount
    await Promise.all(Array.from({ length: 20 }, () => pool.query("select pg_sleep(0.2)")))
    expect(await connected()).toBe(20)
    await pool.end()
    expect(await connected()).toBe(0)
  } finally {
    await watch.end()
    await database.drop()
  }
})
