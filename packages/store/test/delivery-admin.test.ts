import { beforeAll, describe, expect, test } from "vitest"
import { createDeliveryInbox } from "../src/deliveries.ts"
import { createDeliveryAdmin } from "../src/delivery-admin.ts"
import { newDelivery, useDatabase } from "./store-fixture.ts"

describe("deliveries in an operator's hands", () => {
  const context = useDatabase()
  const admin = () => createDeliveryAdmin(context)
  const key = (rows: readonly { deliveryKey: string }[]) => rows.map((row) => row.deliveryKey).sort()
  const set = (change: string, ...keys: string[]) =>
    context.database.asFleet((tx) =>
      tx.query(`update ingest_deliveries set ${change} where delivery_key = any($1)`, [keys]),
    )

  beforeAll(async () => {
    await createDeliveryInbox(context).insert([
      ...["a", "b", "c", "d", "e"].map((each) => newDelivery(each)),
      newDelivery("z", { workspaceId: "other", source: "events", event: "ticket" }),
    ])
    await set("state = 'parked', reason = 'unreadable', attempts = 5, finished_at = now()", "a", "b", "z")
    await set("state = 'processed', received_at = now() - interval '2 days', finished_at = now()", "c")
    await set("claimed_until = now() + interval '1 minute', attempts = 1", "e")
  })

  test("are listed by every condition, newest first, up to the limit", async () => {
    expect(key(await admin().list({}, 100))).toEqual(["a", "b", "c", "d", "e", "z"])
    expect((await admin().list({}, 100)).at(-1)?.deliveryKey).toBe("c")
    expect(await admin().list({}, 2)).toHaveLength(2)
    expect(key(await admin().list({ states: ["parked"] }, 100))).toEqual(["a", "b", "z"])
    expect(key(await admin().list({ states: ["parked"], workspaceId: "acme" }, 100))).toEqual(["a", "b"])
    expect(key(await admin().list({ source: "events", event: "ticket" }, 100))).toEqual(["z"])
    const yesterday = new Date(Date.now() - 86_400_000)
    expect(key(await admin().list({ until: yesterday }, 100))).toEqual(["c"])
    expect(key(await admin().list({ since: yesterday, workspaceId: "acme" }, 100))).toEqual(["a", "b", "d", "e"])
  })

  test("are shown whole, and counted by state", async () => {
    const [row] = await admin().list({ source: "events" }, 1)
    expect(await admin().show(row!.id)).toMatchObject({ ...row, headers: { "x-github-event": "issues" } })
    expect((await admin().show(row!.id))?.body?.toString()).toBe('{"key":"z"}')
    expect(await admin().show("dlv_nobody")).toBeUndefined()
    expect(await admin().counts()).toEqual({ received: 2, processed: 1, skipped: 0, parked: 3 })
    expect(await admin().counts({ workspaceId: "other" })).toEqual({ received: 0, processed: 0, skipped: 0, parked: 1 })
  })

  test("are replayed as if just received, and a dry run tells the same without doing it", async () => {
    const { storeId } = newDelivery("a")
    const expected = { deliveries: 2, gone: 0, lanes: [{ workspaceId: "acme", storeId }] }
    const selection = { states: ["parked"], workspaceId: "acme" } as const
    expect(await admin().replay(selection, { dryRun: true })).toEqual(expected)
    expect(key(await admin().list(selection, 100))).toEqual(["a", "b"])

    expect(await admin().replay(selection)).toEqual(expected)
    expect(await admin().list(selection, 100)).toEqual([])
    const [row] = await admin().list({ ids: [newDelivery("a").id] }, 1)
    expect(row).toMatchObject({ state: "received", attempts: 0, reason: null, finishedAt: null })
    expect(row!.dueAt.getTime()).toBeLessThanOrEqual(Date.now())
  })

  test("are left to the worker that holds them", async () => {
    expect(await admin().replay({ ids: [newDelivery("e").id] })).toEqual({ deliveries: 0, gone: 0, lanes: [] })
  })

  test("are left as they are where their bytes are gone, and counted", async () => {
    await set("state = 'processed', body = null", "a", "c")
    await set("state = 'processed', body = null, artifact_key = 'sha256/d'", "d")
    await set("forget_raw = true", "c")
    const selection = { states: ["processed"] } as const
    for (const dryRun of [true, false])
      expect(await admin().replay(selection, { dryRun })).toMatchObject({ deliveries: 1, gone: 2 })
    expect(key(await admin().list(selection, 100))).toEqual(["a", "c"])
  })
})
