import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { createConnectionAdmin } from "@engram/store/connections"
import { createDatabase, createPool } from "@engram/store/database"
import { createSealer } from "@engram/store/sealing"
import { createTestDatabase, type TestDatabase } from "@engram/testkit/database"
import { afterEach, expect, test } from "vitest"
import { secretKey, sign } from "./ingest-fixture.ts"

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))
const children: ChildProcess[] = []
const databases: TestDatabase[] = []
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL")
  for (const database of databases.splice(0)) await database.drop()
})

async function newDatabase(options?: { empty: boolean }): Promise<string> {
  const database = await createTestDatabase(options)
  databases.push(database)
  return database.url
}

function run(environment: Record<string, string>) {
  const env = { PATH: process.env.PATH, INGEST_PORT: "0", ...environment }
  const child = spawn(process.execPath, [main], { env, stdio: ["ignore", "pipe", "pipe"] })
  children.push(child)
  let said = ""
  child.stderr.on("data", (chunk) => {
    said += chunk
  })
  const listening = async (): Promise<string> => {
    for await (const line of createInterface({ input: child.stdout })) {
      const { msg, url } = JSON.parse(line)
      if (msg === "listening") return url
    }
    throw new Error(`never listened: ${said}`)
  }
  return { child, listening, exit: once(child, "exit").then(([code]) => code as number), said: () => said }
}

test("the process takes GitHub's deliveries, and ends in peace on SIGTERM", async () => {
  const url = await newDatabase()
  const pool = createPool(url, { connectionsMax: 1, applicationName: "main-test" })
  const admin = createConnectionAdmin({ database: createDatabase(pool), sealer: createSealer(secretKey) })
  const door = await admin.create({ workspaceId: "acme", storeName: "engineering", source: "github", secret: "hush" })

  const ingest = run({ DATABASE_URL: url, ENGRAM_SECRET_KEY: secretKey })
  const address = await ingest.listening()
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

  ingest.child.kill("SIGTERM")
  expect(await ingest.exit).toBe(0)
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
  expect(otherKey.said()).toContain("ENGRAM_SECRET_KEY is not the key it was sealed with")

  const wrong = run({ INGEST_PORT: "door", LOG_LEVEL: "loud" })
  expect(await wrong.exit).toBe(1)
  expect(wrong.said()).toContain("2 settings are wrong")
})
