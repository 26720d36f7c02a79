import { createConnectionAdmin } from "@engram/store/connection-admin"
import { createDatabase, createPool } from "@engram/store/database"
import { createSealer } from "@engram/store/sealing"
import { newDatabase } from "@engram/testkit/new-database"
import type { Environment } from "@engram/testkit/processes"
import { startMain } from "@engram/testkit/start-main"
import { expect, test } from "vitest"
import { secretKey, sign } from "./ingest-fixture.ts"

const run = (environment: Environment) => startMain(new URL("../src/main.ts", import.meta.url), environment)

test("the process takes GitHub's deliveries, and ends in peace on SIGTERM", async () => {
  const url = await newDatabase()
  const pool = createPool(url, { connectionsMax: 1, applicationName: "main-test" })
  const admin = createConnectionAdmin({ database: createDatabase(pool), sealer: createSealer(secretKey) })
  const door = await admin.create({ workspaceId: "acme", storeName: "engineering", source: "github", secret: "hush" })

  const ingest = run({ DATABASE_URL: url, ENGRAM_SECRET_KEY: secretKey })
  const { url: address } = await ingest.ready
  const body = '{"zen":"Keep it logically awesome."}'
  const response = await fetch(`${address}/v1/webhooks/github/${door.id}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-github-event": "ping",
      "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
      "x-hub-signature-256": `sha256=${sign("hush", body)}`,
    },
    body,
  })
  expect(response.status).toBe(202)
  const ready = await fetch(`${address}/health/ready`)
  expect(await ready.json()).toMatchObject({
    ready: true,
    dependencies: { postgres: { ok: true }, queue: { ok: true } },
  })

  expect(await ingest.stop()).toBe(0)
  const { rows } = await pool.query("select event, state from ingest_deliveries")
  expect(rows).toEqual([{ event: "ping", state: "received" }])
  await pool.end()
})

test("the process refuses to start, in words, on pending migrations, a wrong key, or wrong settings", async () => {
  const pending = run({ DATABASE_URL: await newDatabase({ empty: true }), ENGRAM_SECRET_KEY: secretKey })
  expect(await pending.exit).toBe(1)
  expect(pending.said()).toMatch(/lacks \d+ migrations .*run `engram migrate` first/)

  const url = await newDatabase()
  const pool = createPool(url, { connectionsMax: 1, applicationName: "main-test" })
  const admin = createConnectionAdmin({ database: createDatabase(pool), sealer: createSealer(secretKey) })
  await admin.create({ workspaceId: "acme", storeName: "engineering", source: "github" })
  await pool.end()
  const otherKey = run({ DATABASE_URL: url, ENGRAM_SECRET_KEY: "another key, also long" })
  expect(await otherKey.exit).toBe(1)
  expect(otherKey.said()).toContain("is not the key they were sealed with")

  const wrong = run({ INGEST_PORT: "door", LOG_LEVEL: "loud" })
  expect(await wrong.exit).toBe(1)
  expect(wrong.said()).toContain("2 settings are wrong")
})
