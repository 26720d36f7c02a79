import { once } from "node:events"
import { setTimeout as delay } from "node:timers/promises"
import { createPool } from "@engram/store/database"
import { waitUntil } from "@engram/testkit/wait-until"
import { waitingForLocks } from "@engram/testkit/waiting-for-locks"
import { expect, test } from "vitest"
import { afterwards, start } from "../cli-fixture.ts"
import { createLegacy, uuidOf } from "./legacy-fixture.ts"

test.each([
  ["--apply", "the same command goes on from here"],
  ["--apply --from-start", "the same command without --from-start goes on from here"],
  ["--apply --limit 5", "the same command begins anew"],
  ["--dry-run", "the same command begins anew"],
])("%s, interrupted while the legacy database takes its time, does not wait for it: %s", async (mode, next) => {
  const legacy = await createLegacy()
  await legacy.workspace("solo")
  await legacy.many("solo", 10)
  const pool = createPool(legacy.environment.DATABASE_URL!, { connectionsMax: 1, applicationName: "held" })
  afterwards(() => pool.end())
  const held = await pool.connect()
  afterwards(() => held.release(true))
  await held.query("begin; lock table agent_memories in access exclusive mode")
  const child = start(["backfill", ...mode.split(" ")], legacy.environment)
  await waitUntil("it waits for the table", async () => (await waitingForLocks(legacy.sql)) === 1, 60_000)
  child.process.kill("SIGINT")
  expect(await child.ended).toMatchObject({
    code: 130,
    stderr: expect.stringContaining(`engram: interrupted; ${next}\n`),
  })
  expect(await waitingForLocks(legacy.sql)).toBe(0)
})

test("interrupted while nobody reads what it said, it has its last words read before it ends", async () => {
  const legacy = await createLegacy()
  await legacy.workspace("root")
  await legacy.workspace("leaf", "root")
  await legacy.many("leaf", 5_000)
  // The rows are missing where they are looked for first: their lines are more than a pipe holds. The next answer has to be waited for.
  const answers = [undefined, undefined, { status: 503, retryAfter: "30" }]
  const { server } = legacy
  server.fault = (_path, requests) => answers[requests - 1]
  const child = start(["backfill", "--verify", "--workspace", uuidOf("leaf")], legacy.environment, { oneOutput: true })
  child.process.stdout?.pause()
  await waitUntil("it waits for the plugin", () => server.requests === answers.length, 60_000)
  child.process.kill("SIGINT")
  const open =
    "select from pg_stat_activity where datname = current_database() and application_name = 'engram-backfill'"
  await waitUntil("it has closed what it opened", async () => (await legacy.sql(open)).length === 0, 60_000)
  // That it stays is no event; if it went, its end would come at once.
  await Promise.race([once(child.process, "exit"), delay(500)])
  child.process.stdout?.resume()
  expect(await child.ended).toMatchObject({
    code: 130,
    stdout: expect.stringContaining("engram: interrupted; the same command begins anew\n"),
  })
})
