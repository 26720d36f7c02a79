import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createApiKeyAdmin } from "@engram/store/api-keys"
import { createDatabase, createPool } from "@engram/store/database"
import { newDatabase } from "@engram/testkit/new-database"
import type { Environment } from "@engram/testkit/processes"
import { startMain } from "@engram/testkit/start-main"
import { expect, test } from "vitest"

const run = (environment: Environment) => startMain(new URL("../src/main.ts", import.meta.url), environment)
const settings = { ENGRAM_SECRET_KEY: "a key for tests, long enough" }

test("the process answers searches, and ends in peace on SIGTERM", async () => {
  const url = await newDatabase()
  const pool = createPool(url, { connectionsMax: 1, applicationName: "main-test" })
  const admin = createApiKeyAdmin({ database: createDatabase(pool) })
  const { key } = await admin.create({ workspaceId: "acme", storeName: "main", name: "me", actions: ["search"] })
  await pool.end()
  const directory = await mkdtemp(join(tmpdir(), "engram-memory-"))

  const memory = run({ ...settings, DATABASE_URL: url, ENGRAM_DATA_DIR: directory })
  const { url: address } = await memory.ready
  const answer = await fetch(`${address}/v1/search`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: '{"query":"anything"}',
  })
  expect([answer.status, await answer.json()]).toEqual([200, { hits: [] }])
  expect((await fetch(`${address}/health/ready`)).status).toBe(200)
  expect(await memory.stop()).toBe(0)
  await rm(directory, { recursive: true, force: true })
})

test("the process refuses to start, in words, on pending migrations or wrong settings", async () => {
  const pending = run({ ...settings, DATABASE_URL: await newDatabase({ empty: true }) })
  expect(await pending.exit).toBe(1)
  expect(pending.said()).toMatch(/lacks \d+ migrations .*run `engram migrate` first/)
  const wrong = run({ SEARCH_PORT: "door", LOG_LEVEL: "loud" })
  expect(await wrong.exit).toBe(1)
  expect(wrong.said()).toContain("2 settings are wrong")
})
