import { randomBytes } from "node:crypto"
import { Rejected } from "@engram/contracts/errors"
import { describe, expect, test } from "vitest"
import { createDeliveryInbox } from "../src/deliveries.ts"
import { newDelivery, useDatabase } from "./store-fixture.ts"

describe("the inbox", () => {
  const context = useDatabase()
  const inbox = () => createDeliveryInbox(context)
  const stored = (keys: readonly string[]) =>
    context.database.asFleet((tx) =>
      tx.query<{ delivery_key: string; body: Buffer; headers: object; state: string; body_bytes: number }>(
        "select * from ingest_deliveries where delivery_key = any($1)",
        [keys],
      ),
    )

  test("keeps every body byte for byte, whatever is in it", async () => {
    const bodies = [randomBytes(5_000), Buffer.from("a\0b\ud800"), Buffer.from("{}"), Buffer.alloc(0), randomBytes(1)]
    const batch = bodies.map((body, index) => newDelivery(`bytes-${index}`, { body }))
    expect(await inbox().insert(batch)).toEqual(bodies.map(() => "new"))

    const rows = new Map((await stored(batch.map((each) => each.deliveryKey))).map((row) => [row.delivery_key, row]))
    for (const [index, body] of bodies.entries()) {
      const row = rows.get(`bytes-${index}`)
      expect(row?.body.equals(body)).toBe(true)
      expect(row?.body_bytes).toBe(body.length)
      expect(row?.state).toBe("received")
    }
  })

  test("keeps headers with any character that HTTP allows", async () => {
    const headers = { "user-agent": 'GitHub-Hookshot/"\\{},é\u00ff' }
    await inbox().insert([newDelivery("headers", { headers })])
    expect((await stored(["headers"]))[0]?.headers).toEqual(headers)
  })

  test("says in order which are new and which are repeats, also within one batch", async () => {
    await inbox().insert([newDelivery("b")])
    const batch = ["c", "b", "a", "c", "a"].map((key) => newDelivery(key))
    expect(await inbox().insert(batch)).toEqual(["new", "duplicate", "new", "duplicate", "duplicate"])
    expect(await stored(["a", "b", "c"])).toHaveLength(3)
  })

  test("the same delivery key of another connection is another delivery", async () => {
    const other = newDelivery("same", { connectionId: "con_other" })
    expect(await inbox().insert([newDelivery("same"), other])).toEqual(["new", "new"])
  })

  test("a redelivery with another body leaves the first one as it was", async () => {
    await inbox().insert([newDelivery("first", { text: "one" })])
    expect(await inbox().insert([newDelivery("first", { text: "two" })])).toEqual(["duplicate"])
    expect((await stored(["first"]))[0]?.body.toString()).toBe("one")
  })

  test("refuses data that Postgres cannot hold as Rejected, and then inserts none of the batch", async () => {
    const attempt = inbox().insert([newDelivery("fine"), newDelivery("nul\0key")])
    await expect(attempt).rejects.toBeInstanceOf(Rejected)
    expect(await stored(["fine"])).toHaveLength(0)
  })

  test("inserts of the same deliveries at once, in any order, each find one winner and never deadlock", async () => {
    const keys = Array.from({ length: 100 }, (_, index) => `race-${index}`)
    const rounds = await Promise.all(
      Array.from({ length: 8 }, (_, round) => {
        const rotated = [...keys.slice(round * 12), ...keys.slice(0, round * 12)]
        return inbox().insert((round % 2 ? rotated : rotated.toReversed()).map((key) => newDelivery(key)))
      }),
    )
    expect(rounds.flat().filter((result) => result === "new")).toHaveLength(keys.length)
    expect(await stored(keys)).toHaveLength(keys.length)
  })

  test("the backlog counts what is received in one workspace, up to the limit", async () => {
    await inbox().insert(["1", "2", "3"].map((key) => newDelivery(key, { workspaceId: "quiet" })))
    await context.database.asFleet((tx) =>
      tx.query("update ingest_deliveries set state = 'processed' where workspace_id = 'quiet' and delivery_key = '1'"),
    )
    expect(await inbox().backlog("quiet", 100)).toBe(2)
    expect(await inbox().backlog("quiet", 1)).toBe(1)
    expect(await inbox().backlog("nobody", 100)).toBe(0)
  })
})
