import { createPool } from "@engram/store/database"
import { waitUntil } from "@engram/testkit/wait-until"
import { waitingForLocks } from "@engram/testkit/waiting-for-locks"
import { expect, test } from "vitest"
import { afterwards, install, start } from "./cli-fixture.ts"

test("what waits and what is parked are read once: how many wait and since when cannot contradict each other", async () => {
  const { json, rows, database, environment } = await install()
  await json("connect", "github", "--workspace", "acme", "--store", "main")
  const pool = createPool(database.url, { connectionsMax: 1, applicationName: "held" })
  afterwards(() => pool.end())
  const held = await pool.connect()
  try {
    // This table is asked after what waits was counted, and before what is done is.
    await held.query("begin; lock table vector_entries in access exclusive mode")
    const status = start(["status", "--json"], environment)
    await waitUntil("it waits for the lock", async () => (await waitingForLocks(rows)) === 1, 60_000)
    await rows(`insert into ingest_deliveries (id, workspace_id, store_id, connection_id, delivery_key, source, event, headers, body_bytes, body_hash, state)
      select state, workspace_id, store_id, id, state, 'github', 'issues', '{}', 0, '', state
      from connections, unnest(array['received', 'processed', 'skipped', 'parked']) as state`)
    await held.query("commit")
    expect(JSON.parse((await status.ended).stdout)).toMatchObject({
      deliveries: { received: 0, processed: 1, skipped: 1, parked: 0 },
      oldestWaitingMs: 0,
    })
  } finally {
    held.release(true)
  }
  const after = await json("status")
  expect(after.deliveries).toEqual({ received: 1, processed: 1, skipped: 1, parked: 1 })
  expect(after.oldestWaitingMs).toBeGreaterThan(0)
})

test("interrupted while Postgres takes its time, it does not wait for it, and says so", async () => {
  const { rows, database, environment } = await install()
  const pool = createPool(database.url, { connectionsMax: 1, applicationName: "held" })
  afterwards(() => pool.end())
  const held = await pool.connect()
  try {
    await held.query("begin; lock table vector_entries in access exclusive mode")
    const status = start(["status"], environment)
    await waitUntil("it waits for the lock", async () => (await waitingForLocks(rows)) === 1, 60_000)
    const asked = Date.now()
    status.process.kill("SIGINT")
    expect(await status.ended).toEqual({ code: 130, stdout: "", stderr: "engram: interrupted\n" })
    expect(Date.now() - asked).toBeLessThan(8_000)
  } finally {
    held.release(true)
  }
})
