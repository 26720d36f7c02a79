import type { NightAlarm, NightQueue } from "@engram/contracts/nights"
import { afterEach, expect, test } from "vitest"
import { waitUntil } from "./wait-until.ts"

/** Limits that differ from production's so that a test need not wait for them. */
export interface NightQueueTestLimits {
  readonly prefix: string
  readonly closeTimeoutMs: number
}

export interface NightQueueHarness {
  open(limits: NightQueueTestLimits): Promise<NightQueue>
  /** Empties the queue's store behind its back. */
  lose(): Promise<void>
}

let serial = 0

/** Every night queue keeps these promises. */
export function nightQueuePromises(harness: NightQueueHarness): void {
  const queues: NightQueue[] = []
  const open = async (changes: Partial<NightQueueTestLimits> = {}) => {
    const limits = { prefix: `nights${process.pid}-${++serial}`, closeTimeoutMs: 10_000, ...changes }
    const queue = await harness.open(limits)
    queues.push(queue)
    return { queue, limits }
  }
  afterEach(async () => {
    for (const queue of queues.splice(0)) await queue.close()
  })

  test("an alarm goes off at its second of the local day, once however many take alarms, and is set for the next", async () => {
    const { queue, limits } = await open()
    const other = (await open(limits)).queue
    const taken: { workspaceId: string; at: number }[] = []
    const look = async (workspaceId: string) => void taken.push({ workspaceId, at: Date.now() })
    await queue.run(2, look)
    await other.run(2, look)
    const soon = Math.ceil(Date.now() / 1_000) * 1_000 + 6_000
    await queue.keep([
      { workspaceId: "east", timeZone: "Pacific/Auckland", atSecond: localSecond(soon, "Pacific/Auckland") },
      { workspaceId: "half", timeZone: "Asia/Kolkata", atSecond: localSecond(soon, "Asia/Kolkata") },
      { workspaceId: "later", timeZone: "UTC", atSecond: localSecond(soon + 3_600_000, "UTC") },
    ])
    await waitUntil("two alarms go off", () => taken.length >= 2, 45_000)
    expect(taken.map(({ workspaceId }) => workspaceId).sort()).toEqual(["east", "half"])
    for (const { at } of taken) expect(at).toBeGreaterThanOrEqual(soon - 50)
    expect(byName(await queue.alarms()).map(({ workspaceId }) => workspaceId)).toEqual(["east", "half", "later"])
  })

  test("alarms follow: new ones are set, changed ones replaced, others removed, the same left alone", async () => {
    const { queue } = await open()
    const berlin = { workspaceId: "acme", timeZone: "Europe/Berlin", atSecond: 8_061 }
    const tokyo = { workspaceId: "bolt", timeZone: "Asia/Tokyo", atSecond: 9_000 }
    expect(await queue.keep([berlin, tokyo])).toEqual({ set: 2, removed: 0 })
    expect(byName(await queue.alarms())).toEqual([berlin, tokyo])
    expect(await queue.keep([tokyo, berlin])).toEqual({ set: 0, removed: 0 })
    const moved = { ...berlin, timeZone: "America/Lima" }
    const core = { workspaceId: "core", timeZone: "UTC", atSecond: 7_200 }
    expect(await queue.keep([moved, core])).toEqual({ set: 2, removed: 1 })
    expect(byName(await queue.alarms())).toEqual([moved, core])
    expect(await queue.keep([])).toEqual({ set: 0, removed: 2 })
  })

  test("several processes may keep the same alarms at once", async () => {
    const { queue, limits } = await open()
    const others = await Promise.all(Array.from({ length: 4 }, async () => (await open(limits)).queue))
    const alarms = Array.from({ length: 30 }, (_, n) => ({
      workspaceId: `w${10 + n}`,
      timeZone: "UTC",
      atSecond: 7_200 + n,
    }))
    await Promise.all([queue, ...others].map((each) => each.keep(alarms)))
    expect(byName(await queue.alarms())).toEqual(alarms)
    expect(await others[1]!.keep(alarms)).toEqual({ set: 0, removed: 0 })
  })

  test("any number of rings before a look are one; during a look they cause one more, after it", async () => {
    const { queue } = await open()
    for (let i = 0; i < 10; i++) await queue.ring("acme")
    await queue.ring("bolt")
    const looks: string[] = []
    let running = 0
    let most = 0
    await queue.run(4, async (workspaceId) => {
      looks.push(workspaceId)
      if (workspaceId === "bolt") return
      most = Math.max(most, ++running)
      if (looks.filter((each) => each === "acme").length === 1) for (let i = 0; i < 5; i++) await queue.ring("acme")
      running--
    })
    await waitUntil(
      "the ring during the look is looked after",
      () => looks.filter((each) => each === "acme").length === 2,
    )
    await queue.ring("core")
    await waitUntil("another is looked after", () => looks.includes("core"))
    expect(looks.toSorted()).toEqual(["acme", "acme", "bolt", "core"])
    expect(most).toBe(1)
  })

  test("a look that throws is not repeated, and the next ring is looked after", async () => {
    const { queue } = await open()
    let looks = 0
    await queue.run(1, async () => {
      looks++
      if (looks === 1) throw new Error("a bug")
    })
    await queue.ring("acme")
    await waitUntil("it was looked at", () => looks === 1)
    await waitUntil("a ring is looked after", async () => {
      await queue.ring("acme")
      return looks >= 2
    })
  })

  test("after the queue's store lost everything, alarms are set again and rings are heard", async () => {
    const { queue } = await open()
    const looks: string[] = []
    await queue.run(1, async (workspaceId) => void looks.push(workspaceId))
    const acme = { workspaceId: "acme", timeZone: "UTC", atSecond: localSecond(Date.now() + 7_200_000, "UTC") }
    await queue.keep([acme])
    await harness.lose()
    expect(await queue.keep([acme])).toEqual({ set: 1, removed: 0 })
    expect(await queue.alarms()).toEqual([acme])
    await queue.ring("acme")
    await waitUntil("the ring is heard", () => looks.length > 0)
  })

  test("close() lets the running look finish, and gives up on one that does not end", async () => {
    const { queue } = await open()
    const hold = Promise.withResolvers<void>()
    let looking = false
    let finished = false
    const run = await queue.run(1, async () => {
      looking = true
      await hold.promise
      finished = true
    })
    await queue.ring("acme")
    await waitUntil("the look began", () => looking)
    const closing = run.close()
    hold.resolve()
    await closing
    expect(finished).toBe(true)

    const stuck = (await open({ closeTimeoutMs: 300 })).queue
    let began = false
    const endless = await stuck.run(1, () => {
      began = true
      return new Promise(() => {})
    })
    await stuck.ring("acme")
    await waitUntil("the look began", () => began)
    await endless.close()
  })
}

const byName = (alarms: readonly NightAlarm[]): NightAlarm[] =>
  alarms.toSorted((a, b) => (a.workspaceId < b.workspaceId ? -1 : 1))

/** The second of the local day, by another way than any code under test goes. */
function localSecond(at: number, timeZone: string): number {
  const time = new Intl.DateTimeFormat("sv-SE", { timeZone, timeStyle: "medium" }).format(at)
  const [hour = 0, minute = 0, second = 0] = time.split(":").map(Number)
  return hour * 3_600 + minute * 60 + second
}
