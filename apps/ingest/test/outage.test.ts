import { request } from "node:http"
import { connect } from "node:net"
import type { DeliveryInbox } from "@engram/contracts/deliveries"
import { createPool } from "@engram/store/database"
import { answerTo, bodyOf } from "@engram/testkit/answer-to"
import { afterEach, expect, test } from "vitest"
import { type Harness, type HarnessOptions, ring, sign, startIngest } from "./ingest-fixture.ts"

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

async function start(options: HarnessOptions): Promise<Harness> {
  const { stop, ...harness } = await startIngest(options)
  stops.push(stop)
  return harness
}

/** An inbox whose inserts wait for `open`. */
function gated(): { inbox: NonNullable<HarnessOptions["inbox"]>; inserts: () => number; open: () => void } {
  const gate = Promise.withResolvers<void>()
  let inserts = 0
  return {
    inserts: () => inserts,
    open: () => gate.resolve(),
    inbox: (real: DeliveryInbox) => ({
      ...real,
      insert: async (deliveries) => {
        inserts++
        await gate.promise
        return real.insert(deliveries)
      },
    }),
  }
}

/** Keeps everybody else from the table until `release`. */
async function lockTable(url: string): Promise<() => Promise<void>> {
  const pool = createPool(url, { connectionsMax: 1, applicationName: "lock-test" })
  const client = await pool.connect()
  await client.query("begin; lock table ingest_deliveries in access exclusive mode")
  return () => {
    client.release(true)
    return pool.end()
  }
}

test("while Postgres hangs the sender hears 503 in time, and is served again as soon as it is back", async () => {
  const ingest = await start({ acceptLimits: { answerMs: 300 }, statementTimeoutMs: 500 })
  const release = await lockTable(ingest.databaseUrl)
  const started = performance.now()
  const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => ring(ingest.door, { key: `hung-${i}` })))
  expect(performance.now() - started).toBeLessThan(3_000)
  for (const answer of answers) {
    expect(answer.status).toBe(503)
    expect(answer.headers.get("retry-after")).toBe("1")
    expect(await answer.json()).toMatchObject({ code: "database_unavailable" })
  }
  await release()
  await expect.poll(async () => (await ring(ingest.door)).status, { timeout: 10_000 }).toBe(202)
})

test("connections that Postgres breaks cost at most a 503, and never a lost 202", async () => {
  const ingest = await start({})
  const admin = createPool(ingest.databaseUrl, { connectionsMax: 1, applicationName: "admin-test" })
  const stored: string[] = []
  for (let round = 0; round < 20; round++) {
    const keys = Array.from({ length: 20 }, (_, i) => `broken-${round}-${i}`)
    const sent = Promise.all(keys.map(async (key) => [key, (await ring(ingest.door, { key })).status] as const))
    await admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
    )
    for (const [key, status] of await sent) {
      expect([202, 503]).toContain(status)
      if (status === 202) stored.push(key)
    }
  }
  const { rows } = await admin.query("select delivery_key from ingest_deliveries where delivery_key = any($1)", [
    stored,
  ])
  expect(rows).toHaveLength(stored.length)
  await admin.end()
})

test("a stopping process answers what it has accepted, then listens no more", async () => {
  const gate = gated()
  const ingest = await start({ inbox: gate.inbox })
  const answers = Promise.all(Array.from({ length: 30 }, (_, i) => ring(ingest.door, { key: `stop-${i}` })))
  await expect.poll(gate.inserts).toBeGreaterThan(0)

  const ready = await fetch(`${ingest.url}/health/ready`)
  expect(ready.status).toBe(200)
  expect(await ready.json()).toMatchObject({ ready: true, dependencies: { postgres: { ok: true } } })

  const stopped = ingest.app.stop()
  gate.open()
  expect((await answers).map((answer) => answer.status)).toEqual(Array(30).fill(202))
  await stopped
  await expect(fetch(`${ingest.url}/health/live`)).rejects.toThrow()
  const [row] = await ingest.database.asFleet((tx) =>
    tx.query<{ n: number }>("select count(*)::int as n from ingest_deliveries where delivery_key like 'stop-%'"),
  )
  expect(row?.n).toBe(30)
})

test("a process that cannot finish stops all the same, within its limit", async () => {
  const gate = gated()
  const ingest = await start({ inbox: gate.inbox, limits: { stopMs: 200 }, acceptLimits: { answerMs: 1_000 } })
  const answer = ring(ingest.door).catch(() => "cut off")
  await expect.poll(gate.inserts).toBeGreaterThan(0)
  const started = performance.now()
  await ingest.app.stop()
  expect(performance.now() - started).toBeLessThan(3_000)
  expect(await answer).toBe("cut off")
  gate.open()
})

test("a delivery that does not come to its end is given up in time", async () => {
  const ingest = await start({ limits: { requestMs: 300 } })
  const { pathname } = new URL(ingest.door.path)
  const headers = "host: x\r\ncontent-type: application/json\r\ncontent-length: 50"
  const answer = await answerTo(ingest.url, `POST ${pathname} HTTP/1.1\r\n${headers}\r\n\r\n{`)
  expect(answer).toMatch(/^HTTP\/1.1 408 /)
  expect(bodyOf(answer)).toEqual({ code: "bad_request", message: "the request did not come to its end in time" })
  await expect.poll(async () => (await ingest.metrics.bodyBytesHeld.get()).values[0]?.value).toBe(0)
})

test("what never reaches a route is refused in the same words, and counted", async () => {
  const ingest = await start({})
  const wrong = {
    400: ["POST /v1/webhooks/bell/%E0 HTTP/1.1", "nonsense"],
    414: [`POST /v1/webhooks/bell/${"x".repeat(200)} HTTP/1.1`],
    431: [`POST /v1/webhooks/bell/${"x".repeat(20_000)} HTTP/1.1`],
  }
  for (const [status, lines] of Object.entries(wrong)) {
    for (const line of lines) {
      const answer = await answerTo(ingest.url, `${line}\r\nhost: x\r\nconnection: close\r\n\r\n`)
      expect(answer.slice(0, 12)).toBe(`HTTP/1.1 ${status}`)
      expect(bodyOf(answer)).toEqual({ code: "bad_request", message: expect.stringMatching(/\w/) })
    }
    const counted = `engram_refused_total{status="${status}"} ${lines.length}`
    expect(await ingest.metrics.text()).toContain(counted)
  }
})

/** Sent from one shared buffer; `fetch` would copy it for each request. */
function sendLarge(door: Harness["door"], key: string, body: Buffer, signature: string): Promise<number | undefined> {
  const headers = { "content-type": "application/json", "x-bell-delivery": key, "x-bell-signature": signature }
  return new Promise((resolve, reject) => {
    const sending = request(door.path, { method: "POST", headers: { ...headers, "content-length": body.length } })
    sending.on("response", (response) => resolve(response.resume().statusCode)).on("error", reject)
    sending.end(body)
  })
}

test("many large bodies at once wait for memory rather than fill it", async () => {
  const megabyte = 1_048_576
  // However slow the machine: what waits for memory is given up after requestMs.
  const ingest = await start({ limits: { bodiesBytesMax: 64 * megabyte, requestMs: 120_000 } })
  const body = Buffer.alloc(20 * megabyte, "engram ")
  const signature = sign(ingest.door.secret, body)
  const before = process.memoryUsage().rss
  let peakRss = before
  let peakHeld = 0
  const watch = setInterval(async () => {
    peakRss = Math.max(peakRss, process.memoryUsage().rss)
    peakHeld = Math.max(peakHeld, (await ingest.metrics.bodyBytesHeld.get()).values[0]?.value ?? 0)
  }, 5)
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, i) => sendLarge(ingest.door, `large-${i}`, body, signature)),
  )
  clearInterval(watch)
  expect(answers).toEqual(Array(40).fill(202))
  expect(peakHeld).toBeGreaterThan(20 * megabyte)
  expect(peakHeld).toBeLessThanOrEqual(64 * megabyte)
  // 800 MB came in. Beside what is held, the driver copies each body it writes.
  expect(peakRss - before).toBeLessThan(450 * megabyte)
})

test("who announces large bodies and sends a byte of them keeps no delivery waiting", async () => {
  const ingest = await start({ limits: { bodiesBytesMax: 26_214_400 } })
  const { port, pathname } = new URL(ingest.door.path)
  const head = `POST ${pathname} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 26214400\r\n\r\n`
  const slow = Array.from({ length: 20 }, () => connect(Number(port), "127.0.0.1").on("error", () => {}))
  for (const socket of slow) socket.write(`${head}{`)
  const held = async () => (await ingest.metrics.bodyBytesHeld.get()).values[0]?.value
  await expect.poll(held, { timeout: 10_000 }).toBe(1)
  expect((await ring(ingest.door)).status).toBe(202)
  for (const socket of slow) socket.destroy()
  await expect.poll(held, { timeout: 10_000 }).toBe(0)
})
