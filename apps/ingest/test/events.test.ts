import * as ids from "@engram/core/ids"
import { createApiKeyAdmin } from "@engram/store/api-keys"
import { describe, expect, test } from "vitest"
import { useIngest, writeKey } from "./ingest-fixture.ts"

const event = (idempotencyKey: string, given: object = {}) => ({
  idempotencyKey,
  source: "jira",
  sourceId: "ENG-1",
  kind: "ticket",
  occurredAt: "2026-01-02T03:04:05Z",
  title: "Door does not open",
  ...given,
})

/** Metadata with which an event is nested so many levels deep. */
const nested = (levels: number) => `{"a":${"[".repeat(levels - 2)}${"]".repeat(levels - 2)}}`
const withMetadata = (idempotencyKey: string, metadata: string) =>
  JSON.stringify(event(idempotencyKey, { metadata: "METADATA" })).replace('"METADATA"', metadata)

describe("events", () => {
  const ingest = useIngest({ limits: { bodyBytesMax: 100_000, eventsMax: 50, backlogMax: 40 } })

  const send = (body: unknown, given: { key?: string | undefined; type?: string } = {}) =>
    fetch(`${ingest.url}/v1/events`, {
      method: "POST",
      headers: {
        ...(given.key && { authorization: `Bearer ${given.key}` }),
        "content-type": given.type ?? "application/json",
      },
      body: typeof body === "string" || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
    })
  const key = async (workspaceId = "acme") => (await writeKey(ingest.database, workspaceId)).key
  const stored = (workspaceId: string) =>
    ingest.database.asFleet((tx) =>
      tx.query<{ id: string; body: Buffer; delivery_key: string; source: string; connection_id: string }>(
        "select * from ingest_deliveries where workspace_id = $1 order by delivery_key",
        [workspaceId],
      ),
    )

  test("one, an array, or a line each are stored as deliveries of the key's store", async () => {
    const secret = await key("shapes")
    const one = await send(event("one"), { key: secret })
    expect(one.status).toBe(202)
    const many = await send([event("two"), event("three")], { key: secret })
    expect(many.status).toBe(202)
    const lines = `${JSON.stringify(event("four"))}\n\n${JSON.stringify(event("five"))}\r\n`
    const streamed = await send(lines, { key: secret, type: "application/x-ndjson" })
    expect(streamed.status).toBe(202)

    const storeId = ids.storeId("shapes", "engineering")
    const door = ids.connectionId("shapes", "events", storeId)
    expect(await streamed.json()).toEqual({
      deliveries: [
        { id: ids.deliveryId(door, "four"), state: "new" },
        { id: ids.deliveryId(door, "five"), state: "new" },
      ],
    })
    const rows = await stored("shapes")
    expect(rows.map((row) => row.delivery_key)).toEqual(["five", "four", "one", "three", "two"])
    expect(rows.map((row) => JSON.parse(row.body.toString()))).toEqual(rows.map((row) => event(row.delivery_key)))
    expect(rows.every((row) => row.source === "events" && row.connection_id === door)).toBe(true)
  })

  test("seen before are named as duplicates, and a request of nothing new is answered 200", async () => {
    const secret = await key("again")
    await send(event("a"), { key: secret })
    const mixed = await send([event("a"), event("b"), event("b")], { key: secret })
    expect(mixed.status).toBe(202)
    const states = ((await mixed.json()) as { deliveries: { state: string }[] }).deliveries.map((each) => each.state)
    expect(states).toEqual(["duplicate", "new", "duplicate"])
    expect((await send([event("a"), event("b")], { key: secret })).status).toBe(200)
  })

  test.each([
    ["a wrong event", [event("x"), event("y", { occurredAt: "yesterday" })], "event 1, occurredAt: "],
    [
      "a time of the year 0",
      event("x", { occurredAt: "0000-06-01T00:00:00Z" }),
      "event 0, occurredAt: must be of the years",
    ],
    ["a time that is of the year 0 in UTC", event("x", { occurredAt: "0001-01-01T00:00:00+14:00" }), "years 1 to 9999"],
    [
      "a time that is of the year 10000 in UTC",
      event("x", { occurredAt: "9999-12-31T23:59:59-01:00" }),
      "years 1 to 9999",
    ],
    [
      "an author whose id is too long to be found by",
      event("x", { author: { id: "x".repeat(513) } }),
      "event 0, author.id: ",
    ],
    ["a field we do not know", [event("x", { colour: "red" })], "event 0"],
    ["a missing field", [event("x"), { idempotencyKey: "y" }], "event 1, source: "],
    ["a key with NUL", [event("x"), event("y\0")], "event 1, idempotencyKey: "],
    [
      "a key with half a character",
      '{"idempotencyKey":"\\ud800","source":"jira","sourceId":"1","kind":"t","occurredAt":"2026-01-02T03:04:05Z"}',
      "event 0, idempotencyKey: ",
    ],
    ["truncated JSON", '[{"idempotencyKey":', "the body is not JSON"],
    ["nothing in it", "", "the body has no events"],
    ["no events in it", [], "the body has no events"],
    ["a number instead of an event", "7", "event 0"],
    ["bytes that are not UTF-8", new Uint8Array([0x22, 0xff, 0x22]), "the body is not UTF-8"],
  ])("with %s are answered 400 that says where, and none is stored", async (_, body, where) => {
    const response = await send(body, { key: await key("wrong") })
    expect(response.status).toBe(400)
    expect(((await response.json()) as { message: string }).message).toContain(where)
    expect(await stored("wrong")).toHaveLength(0)
  })

  test("nested 500 levels deep are stored, and deeper ones refused in each shape", async () => {
    const secret = await key("nested")
    expect((await send(withMetadata("deep", nested(500)), { key: secret })).status).toBe(202)
    for (const levels of [20_000, 4_000, 501]) {
      const deeper = withMetadata("deeper", nested(levels))
      for (const response of [
        await send(deeper, { key: secret }),
        await send(`[${deeper}]`, { key: secret }),
        await send(deeper, { key: secret, type: "application/x-ndjson" }),
      ]) {
        expect(response.status).toBe(400)
        expect(((await response.json()) as { message: string }).message).toContain("nested more than 500 levels deep")
      }
    }
    expect(await stored("nested")).toHaveLength(1)
  })

  test("without a key, or with one unknown or revoked, are answered 401, and with a key that only searches 403", async () => {
    expect((await send(event("x"))).status).toBe(401)
    expect((await send(event("x"), { key: "engram_sk_guess" })).status).toBe(401)
    const reader = await writeKey(ingest.database, "acme", ["search"])
    expect((await send(event("x"), { key: reader.key })).status).toBe(403)

    const admin = createApiKeyAdmin({ database: ingest.database })
    const revoked = await writeKey(ingest.database, "revoked")
    expect((await send(event("x"), { key: revoked.key })).status).toBe(202)
    expect(await admin.revoke(revoked.id)).toBe(true)
    const status = async () => (await send(event("x"), { key: revoked.key })).status
    await expect.poll(status, { timeout: 8_000 }).toBe(401)
  })

  test("too large, too many, or of another type are refused", async () => {
    const secret = await key()
    expect((await send("x".repeat(100_001), { key: secret })).status).toBe(413)
    const many = Array.from({ length: 51 }, (_, index) => event(`many-${index}`))
    expect((await send(many, { key: secret })).status).toBe(413)
    expect((await send("<event/>", { key: secret, type: "text/xml" })).status).toBe(415)
  })

  test("beyond the backlog are answered 429, for that workspace only, until it has been worked off", async () => {
    const secret = await key("busy")
    const batch = Array.from({ length: 45 }, (_, index) => event(`busy-${index}`))
    expect((await send(batch, { key: secret })).status).toBe(202)
    const refused = async () => send(event("late"), { key: secret })
    await expect.poll(async () => (await refused()).status, { timeout: 5_000 }).toBe(429)
    expect(Number((await refused()).headers.get("retry-after"))).toBeGreaterThan(0)
    expect((await send(event("idle"), { key: await key("idle") })).status).toBe(202)

    await ingest.database.asFleet((tx) =>
      tx.query("update ingest_deliveries set state = 'processed' where workspace_id = 'busy'"),
    )
    await expect.poll(async () => (await refused()).status, { timeout: 5_000 }).toBeLessThan(300)
  })
})
