import { randomBytes } from "node:crypto"
import { request } from "node:http"
import * as ids from "@engram/core/ids"
import { createConnectionAdmin } from "@engram/store/connection-admin"
import { createSealer } from "@engram/store/sealing"
import { describe, expect, test } from "vitest"
import { ring, secretKey, sign, useIngest } from "./ingest-fixture.ts"

describe("a webhook", () => {
  const ingest = useIngest({ limits: { bodyBytesMax: 100_000 } })
  const rows = (key: string) =>
    ingest.database.asFleet((tx) =>
      tx.query<{ id: string; body: Buffer; state: string; headers: object; event: string }>(
        "select id, body, state, headers, event from ingest_deliveries where delivery_key = $1",
        [key],
      ),
    )

  test("is in Postgres, byte for byte, when it is answered 202", async () => {
    const body = randomBytes(50_000)
    const response = await ring(ingest.door, { key: "durable", body })
    expect(response.status).toBe(202)
    const [row] = await rows("durable")
    expect(await response.json()).toEqual({ id: row?.id })
    expect(row?.body.equals(body)).toBe(true)
    expect(row).toMatchObject({ state: "received", event: "rang" })
    expect(row?.headers).toEqual({ "x-bell-event": "rang", "content-type": "application/json" })
  })

  test("that only asks who is there is answered, if it is authentic, and is no delivery", async () => {
    const answer = await ring(ingest.door, { key: "who", event: "who" })
    expect([answer.status, await answer.json()]).toEqual([200, { it: "is Engram" }])
    expect((await ring(ingest.door, { event: "who", secret: "guessed" })).status).toBe(401)
    expect(await rows("who")).toEqual([])
  })

  test("brings its secret once, to a connection that waits for one, and to no other", async () => {
    const admin = createConnectionAdmin({ database: ingest.database, sealer: createSealer(secretKey) })
    const door = { workspaceId: "acme", storeName: "waiting", source: "bell", awaitsSecret: true }
    const { id, secrets } = await admin.create(door)
    expect(secrets).toEqual([])
    const path = `${ingest.url}/v1/webhooks/bell/${id}`
    const bring = async (secret: string, to = path) =>
      (await ring(ingest.door, { event: "secret", body: secret, path: to })).status
    expect(await bring("the first secret")).toBe(200)
    expect(await bring("the first secret")).toBe(200)
    expect(await bring("an intruder's")).toBe(401)
    expect(await bring("an intruder's", ingest.door.path)).toBe(401)
    expect((await admin.create(door)).secrets).toEqual(["the first secret"])
    expect((await admin.await(id))?.secrets).toEqual([])
    expect(await bring("the second secret")).toBe(200)
  })

  test("sent again is answered 200 with the first one's id", async () => {
    const first = (await (await ring(ingest.door, { key: "twice" })).json()) as { id: string }
    const second = await ring(ingest.door, { key: "twice", body: '{"other":"body"}' })
    expect(second.status).toBe(200)
    expect(await second.json()).toEqual({ id: first.id, duplicate: true })
    expect(await rows("twice")).toHaveLength(1)
  })

  test("sent twenty times at once is stored once, and exactly one answer is 202", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => ring(ingest.door, { key: "stampede" })))
    expect(answers.map((answer) => answer.status).sort()).toEqual([...Array(19).fill(200), 202])
    expect(await rows("stampede")).toHaveLength(1)
  })

  test("wakes its store's normalize lane", async () => {
    const before = ingest.woken.length
    await ring(ingest.door)
    await expect.poll(() => ingest.woken.length).toBeGreaterThan(before)
    const storeId = ids.storeId("acme", "engineering")
    expect(ingest.woken.at(-1)).toEqual({ stage: "normalize", workspaceId: "acme", storeId })
  })

  test.each([
    ["an empty body", 400, { body: "" }],
    ["no delivery id", 400, { key: null }],
    ["a delivery id longer than the index holds", 400, { key: "k".repeat(3_000) }],
    ["no signature", 401, { signature: null }],
    ["a signature by another secret", 401, { secret: "guess" }],
    ["a signature of another body", 401, { signature: sign("x", "y") }],
    ["a content type of no use", 415, { type: "text/plain" }],
    ["no content type", 415, { type: null, body: new Uint8Array([1]) }],
    ["a body above the limit", 413, { body: "x".repeat(100_001) }],
  ] as const)("with %s is answered %i, in words, and not stored", async (_, status, given) => {
    const key = `bad-${status}-${_.length}`
    const response = await ring(ingest.door, { key, ...given })
    expect(response.status).toBe(status)
    expect(await response.json()).toEqual({ code: expect.stringMatching(/^[a-z_]+$/), message: expect.any(String) })
    expect(await rows(key)).toHaveLength(0)
  })

  test.each([
    ["an unknown connection", "bell/con_nobody"],
    ["an unknown source", "whistle/con_nobody"],
    ["a source named like something every object has", "constructor/con_nobody"],
  ])("for %s is answered 404", async (_, path) => {
    const response = await ring(ingest.door, { path: `${ingest.url}/v1/webhooks/${path}` })
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ code: "unknown_connection" })
  })

  test("for a connection of another source is answered 404", async () => {
    const admin = createConnectionAdmin({ database: ingest.database, sealer: createSealer(secretKey) })
    const { id } = await admin.create({ workspaceId: "acme", storeName: "engineering", source: "whistle" })
    expect((await ring(ingest.door, { path: `${ingest.url}/v1/webhooks/bell/${id}` })).status).toBe(404)
  })

  test("may come in chunks without a length, up to the limit", async () => {
    const text = '{"in":"chunks"}'
    const inChunks = (chunk: string, times: number) =>
      new ReadableStream({
        start: (controller) => {
          for (let i = 0; i < times; i++) controller.enqueue(Buffer.from(chunk))
          controller.close()
        },
      })
    const fine = await ring(ingest.door, { body: inChunks(text, 1), signature: sign(ingest.door.secret, text) })
    expect(fine.status).toBe(202)
    const large = await ring(ingest.door, { body: inChunks("x".repeat(1_000), 101), signature: "none" })
    expect(large.status).toBe(413)
  })

  test("that is broken off is forgotten, and its memory given back", async () => {
    const headers = { "content-type": "application/json", "content-length": "50000" }
    const broken = request(ingest.door.path, { method: "POST", headers })
    broken.on("error", () => {})
    broken.write("half of it")
    const held = async () => (await ingest.metrics.bodyBytesHeld.get()).values[0]?.value
    await expect.poll(held).toBe("half of it".length)
    broken.destroy()
    await expect.poll(held).toBe(0)
  })

  test("is authentic by both secrets during a rotation, and by the new one alone after it", async () => {
    const admin = createConnectionAdmin({ database: ingest.database, sealer: createSealer(secretKey) })
    const { id, secrets } = await admin.create({ workspaceId: "acme", storeName: "rotating", source: "bell" })
    const path = `${ingest.url}/v1/webhooks/bell/${id}`
    const statusBy = async (secret: string) => (await ring(ingest.door, { path, secret })).status
    const old = secrets[0]!
    expect(await statusBy(old)).toBe(202)

    await admin.rotate(id, "new secret")
    await expect.poll(() => statusBy("new secret"), { timeout: 8_000 }).toBe(202)
    expect(await statusBy(old)).toBe(202)

    await admin.settle(id)
    await expect.poll(() => statusBy(old), { timeout: 8_000 }).toBe(401)
    expect(await statusBy("new secret")).toBe(202)
  })

  test("at a path that does not exist is answered 404, and counted", async () => {
    const response = await fetch(`${ingest.url}/v1/nothing`, { method: "POST", body: "not json" })
    expect(response.status).toBe(404)
    expect(await response.json()).toEqual({ code: "not_found", message: "there is nothing at POST /v1/nothing" })
    const metrics = await (await fetch(`${ingest.url}/metrics`)).text()
    expect(metrics).toMatch(/engram_refused_total\{status="404"\} \d+/)
    expect(metrics).toMatch(/engram_accepted_total\{source="bell"\} \d+/)
  })

  test("never was answered 5xx, and nothing was logged about it", () => {
    expect(ingest.logged).toEqual([])
  })
})

describe("under another key", () => {
  const ingest = useIngest()

  test("a webhook to a connection whose secrets do not open is for its sender to send again, and for the operator to read of", async () => {
    const place = { workspaceId: "acme", storeName: "sealed otherwise", source: "bell" }
    const { id } = await createConnectionAdmin({ ...ingest, sealer: createSealer(secretKey) }).create(place)
    const another = createConnectionAdmin({ ...ingest, sealer: createSealer("another key, also long") })
    await another.rotate(id, "hush hush")
    const path = `${ingest.url}/v1/webhooks/bell/${id}`
    for (const given of [{ secret: "hush hush" }, { event: "secret", body: "mine" }]) {
      const answer = await ring(ingest.door, { ...given, path })
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "60"])
      const message = "this connection cannot take deliveries now; send it again"
      expect(await answer.json()).toEqual({ code: "connection_unavailable", message })
      expect(ingest.errors.at(-1)).toEqual({ connectionId: id, reason: expect.stringContaining("ENGRAM_SECRET_KEY") })
    }
  })
})
