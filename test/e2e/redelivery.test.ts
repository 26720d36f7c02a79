import type { Connection } from "@engram/contracts/deliveries"
import { createConnectionAdmin } from "@engram/store/connection-admin"
import type { Database } from "@engram/store/database"
import { createRepairLedger } from "@engram/store/repair-ledger"
import { createSealer } from "@engram/store/sealing"
import type { GithubHookDelivery } from "@engram/testkit/github-data"
import { startGithubServer } from "@engram/testkit/github-server"
import { silentLog } from "@engram/testkit/silent-log"
import { waitUntil } from "@engram/testkit/wait-until"
import { startFleet } from "@engram/worker/fleet"
import { repairRegularly } from "@engram/worker/repair"
import { expect, test } from "vitest"
import { issue } from "../payloads.ts"
import { createSystem } from "../system.ts"
import { createWorkbench, type Payload } from "../workbench.ts"

const hour = 3_600_000
const path = "repos/octo-org/hello/hooks/7"
const sealer = createSealer("a key for tests, long enough")

const attempt = (id: number, guid: string, hoursAgo: number, status_code: number): GithubHookDelivery => ({
  ...{ id, guid, status_code, delivered_at: new Date(Date.now() - hoursAgo * hour).toISOString() },
  ...{ redelivery: false, duration: 1, status: "", event: "issues", action: "opened" },
  ...{ installation_id: null, repository_id: null, throttled_at: null },
})

test("what GitHub could not deliver comes by itself once a worker runs, and nothing else is asked for", async () => {
  const server = await startGithubServer()
  const system = await createSystem({ GITHUB_API_URL: server.url })
  try {
    const ingest = await system.start("ingest")
    const lost: Payload = { ...issue({ number: 1, title: "It was lost" }), key: "guid-lost" }
    const there: Payload = { ...issue({ number: 2 }), key: "guid-there" }
    await system.post(ingest.url, there)
    const sent: string[] = []
    server.hooks.push({
      path,
      deliveries: [
        attempt(10, "guid-lost", 1, 503),
        attempt(9, "guid-there", 2, 504),
        ...[8, 7, 6, 5, 4].map((id) => attempt(id, "guid-hopeless", 3, 500)),
        attempt(3, "guid-fine", 4, 202),
        attempt(2, "guid-old", 80, 503),
      ],
      deliver: async (guid) => {
        sent.push(guid)
        return (await system.post(ingest.url, lost)).status
      },
    })
    const admin = createConnectionAdmin({ database: system.database, sealer })
    const credentials = { token: server.token, hook: path }
    await admin.create({ workspaceId: "acme", storeName: "main", source: "github", credentials })

    await system.start("worker")
    const found = async () =>
      (await system.rows("select from knowledge_documents where live and title = 'It was lost'")).length > 0
    await waitUntil("the lost issue is a document", found, 60_000)
    expect(sent).toEqual(["guid-lost"])

    // Another worker begins: the connection was asked a moment ago.
    const asked = server.requests.length
    const second = await system.start("worker")
    await waitUntil("it has begun", async () => second.said().includes("worker ready"))
    expect(server.requests.length).toBe(asked)
    expect(second.said()).not.toContain(server.token)
  } finally {
    await system.close()
    await server.close()
  }
}, 120_000)

test("a connection is claimed by one process an hour, and by none without a hook", async () => {
  const bench = await createWorkbench()
  try {
    const admin = createConnectionAdmin({ database: bench.database, sealer })
    const place = { workspaceId: "acme", source: "github" }
    await admin.create({ ...place, storeName: "hookless", credentials: { token: "t" } })
    const { id } = await admin.create({ ...place, storeName: "hooked", credentials: { token: "t", hook: path } })
    const ledger = createRepairLedger({ database: bench.database, sealer })
    const claims = await Promise.all(Array.from({ length: 5 }, () => ledger.claimDue(hour)))
    expect(claims.flat()).toMatchObject([{ id, credentials: { token: "t", hook: path } }])
    expect(await ledger.claimDue(hour)).toEqual([])
    await bench.rows("update connections set repaired_at = now() - interval '61 minutes' where repaired_at is not null")
    expect(await ledger.claimDue(hour)).toHaveLength(1)
    expect(await ledger.claimDue(0)).toHaveLength(1)
  } finally {
    await bench.close()
  }
})

test("a worker looks soon when it begins and when something that was away is back, and else hourly", async () => {
  const asked: number[] = []
  const ledger = {
    claimDue: async (minAgeMs: number): Promise<Connection[]> => {
      asked.push(minAgeMs)
      return []
    },
    present: async () => new Set<string>(),
  }
  const repairing = repairRegularly({ ledger, open: async () => [], lookEveryMs: 1 }, silentLog)
  await waitUntil("some looks", () => asked.length > 3)
  expect(new Set(asked.slice(1))).toEqual(new Set([hour]))
  expect(asked[0]).toBeLessThan(hour)
  const before = asked.length
  repairing.recovered()
  await waitUntil("a soon one", () => asked.slice(before).some((ms) => ms < hour))
  await repairing.close()
  const closed = asked.length
  expect(asked.length).toBe(closed)
})

test("sweeps that fail and then succeed are an outage that is over", async () => {
  const bench = await createWorkbench()
  const asked: number[] = []
  let away = true
  const asFleet: Database["asFleet"] = (work) => {
    return away ? Promise.reject(new Error("away")) : bench.database.asFleet(work)
  }
  const fleet = await startFleet({
    ...{
      sources: {},
      stages: [],
      concurrency: 1,
      sweepEveryMs: 5,
      log: silentLog,
      secretKey: "sixteen characters and more",
    },
    database: { ...bench.database, asFleet },
    queue: { wake: async () => {}, run: async () => ({ close: async () => {} }) } as never,
    ...{ connections: { find: async () => undefined }, hydrators: {} },
    ...{
      artifacts: {} as never,
      embedder: bench.embedder,
      embedderOf: bench.embedderOf,
      index: bench.index,
      cache: bench.cache,
    },
    meters: { embedded() {}, searchable() {}, totals() {}, cleaned() {}, event() {}, evaluated() {}, redacted() {} },
    repairs: {
      ledger: {
        claimDue: async (minAgeMs) => {
          asked.push(minAgeMs)
          return []
        },
        present: async () => new Set(),
      },
      open: async () => [],
      lookEveryMs: 1,
    },
  })
  try {
    await waitUntil("hourly looks only", () => asked.length > 5 && asked.at(-1) === hour)
    const before = asked.length
    away = false
    await waitUntil("a look after the outage", () => asked.slice(before).some((ms) => ms < hour))
  } finally {
    await fleet.close()
    await bench.close()
  }
})
