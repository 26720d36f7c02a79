import type { ClaimedDelivery } from "@engram/contracts/knowledge"
import { testWhereCounted } from "@engram/testkit/test-where-counted"
import { describe, expect, test } from "vitest"
import { createDatabase, createPool } from "../src/database.ts"
import { createDeliveryInbox } from "../src/deliveries.ts"
import { createDeliveryDesk } from "../src/delivery-desk.ts"
import { newDelivery, rowsRead, useDatabase } from "./store-fixture.ts"

const limits = { rowsMax: 3, bytesMax: 1_000_000, leaseMs: 60_000 }

describe("the desk", () => {
  const context = useDatabase()
  const desk = () => createDeliveryDesk(context.database)
  const laneOf = (workspaceId: string) => {
    const { storeId } = newDelivery("any", { workspaceId })
    return { workspaceId, storeId, stage: "normalize" } as const
  }
  const fill = (workspaceId: string, keys: readonly string[]) =>
    createDeliveryInbox(context).insert(keys.map((key) => newDelivery(key, { workspaceId })))
  const set = (workspaceId: string, change: string, ...keys: string[]) =>
    context.database.asFleet((tx) =>
      tx.query(`update ingest_deliveries set ${change} where workspace_id = $1 and delivery_key = any($2)`, [
        workspaceId,
        keys,
      ]),
    )
  const text = (claimed: readonly { readonly body?: Uint8Array | undefined }[]) =>
    claimed.map(({ body }) => (JSON.parse(Buffer.from(body!).toString()) as { key: string }).key)

  test("gives what waits oldest first, each once, and what was taken before by itself once its lease has passed", async () => {
    await fill("order", ["a", "b", "c", "d", "e"])
    await set("order", "due_at = now() - interval '1 hour'", "d")
    await set("order", "due_at = now() - interval '2 hours'", "b")
    const lane = laneOf("order")
    const first = await desk().claim(lane, "fresh", limits)
    expect(text(first).slice(0, 2)).toEqual(["b", "d"])
    const second = await desk().claim(lane, "fresh", limits)
    expect([...text(first), ...text(second)].sort()).toEqual(["a", "b", "c", "d", "e"])
    expect(await desk().claim(lane, "fresh", limits)).toEqual([])
    expect(await desk().claim(lane, "again", limits)).toEqual([])

    await set("order", "claimed_until = now() - interval '1 second'", "d", "b", "e")
    expect(text(await desk().claim(lane, "again", { ...limits, rowsMax: 1 }))).toEqual(["b"])
    expect(text(await desk().claim(lane, "again", { ...limits, rowsMax: 1 }))).toEqual(["d"])
    expect(await desk().claim(lane, "fresh", limits)).toEqual([])
    expect(text(await desk().claim(lane, "again", limits))).toEqual(["e"])
  })

  test("only its holder gives one back, and it is not lost whoever has it", async () => {
    await fill("given-back", ["late"])
    const lane = laneOf("given-back")
    const back = (held: ClaimedDelivery) =>
      desk().release(lane, held, "the artifacts are away", { afterMs: 0, as: "untaken" })
    const [first] = await desk().claim(lane, "fresh", limits)
    await set("given-back", "claimed_until = now() - interval '1 second'", "late")
    const [second] = await desk().claim(lane, "again", limits)
    await back(first!)
    expect(await desk().claim(lane, "fresh", limits)).toEqual([])
    expect(await desk().claim(lane, "again", limits)).toEqual([])

    // An operator replays it.
    await set("given-back", "claimed_until = null, attempts = 0", "late")
    await back(second!)
    const [third] = await desk().claim(lane, "fresh", limits)
    expect(text([third!])).toEqual(["late"])
    await back(third!)
    expect(text(await desk().claim(lane, "fresh", limits))).toEqual(["late"])
  })

  test("one that failed behind a long queue has its turn when that has had its own", async () => {
    const keys = Array.from({ length: 1_200 }, (_, i) => `k${i}`)
    await fill("long", keys)
    await fill("long", ["failed"])
    await set("long", "attempts = 1, due_at = now() - interval '1 second'", "failed")
    await set("long", "due_at = now() - interval '1 minute'", ...keys)
    const lane = laneOf("long")
    expect(await desk().claim(lane, "again", limits)).toEqual([])
    expect(await desk().claim(lane, "fresh", { ...limits, rowsMax: 300 })).toHaveLength(300)
    expect(text(await desk().claim(lane, "again", limits))).toEqual(["failed"])
  })

  testWhereCounted("reads the first of the queue, however many wait, by plans made while it was empty", async () => {
    const lane = laneOf("many")
    const keys = Array.from({ length: 6_000 }, (_, i) => `k${i}`)
    const pool = createPool(context.url, { connectionsMax: 1, applicationName: "desk-test" })
    try {
      const alone = createDeliveryDesk(createDatabase(pool))
      const claimed = async (which: "fresh" | "again") => {
        const before = await rowsRead(pool, "ingest_deliveries")
        const taken = await alone.claim(lane, which, limits)
        return { taken: taken.length, read: (await rowsRead(pool, "ingest_deliveries")) - before }
      }
      expect(await claimed("fresh")).toMatchObject({ taken: 0 })
      expect(await claimed("again")).toMatchObject({ taken: 0 })
      // All are due at one moment, as after a replay.
      await fill("many", keys)
      await set("many", "attempts = 1, due_at = due_at - interval '1 ms'", ...keys.slice(0, 5))
      const [fresh, again] = [await claimed("fresh"), await claimed("again")]
      expect([fresh.taken, again.taken]).toEqual([3, 3])
      expect(fresh.read).toBeLessThan(200)
      expect(again.read).toBeLessThan(4_000)
    } finally {
      await pool.end()
    }
  })
})
