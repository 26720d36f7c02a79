import { Rejected, RetryLater } from "@engram/contracts/errors"
import type { Lane, LaneQueue, TurnEnd } from "@engram/contracts/ports"
import { afterEach, expect, test } from "vitest"
import { waitUntil } from "./wait-until.ts"

/** Limits that differ from production's so that a test need not wait for them. */
export interface LaneQueueTestLimits {
  readonly prefix: string
  readonly lockMs: number
  readonly stalledIntervalMs: number
  readonly retryDelayMs: number
  readonly attemptsMax: number
  readonly startsMax: number
  readonly closeTimeoutMs: number
}

export interface LaneQueueHarness {
  open(limits: LaneQueueTestLimits): Promise<LaneQueue>
  /** Empties the queue's store behind its back. */
  lose(): Promise<void>
  /** Another process that takes one turn on `normalize` and never ends it; resolves when it has begun. */
  startStuckWorker(limits: LaneQueueTestLimits): Promise<{ kill(): Promise<void> }>
}

let serial = 0

/** Every lane queue keeps these promises. */
export function laneQueuePromises(harness: LaneQueueHarness): void {
  const queues: LaneQueue[] = []

  const limitsNow = (): LaneQueueTestLimits => ({
    prefix: `test${process.pid}-${++serial}`,
    lockMs: 3_000,
    stalledIntervalMs: 1_000,
    retryDelayMs: 50,
    attemptsMax: 3,
    startsMax: 4,
    closeTimeoutMs: 10_000,
  })

  async function open(changes: Partial<LaneQueueTestLimits> = {}) {
    const limits = { ...limitsNow(), ...changes }
    const queue = await harness.open(limits)
    queues.push(queue)
    return { queue, limits }
  }

  afterEach(async () => {
    for (const queue of queues.splice(0)) await queue.close()
  })

  test("a wake runs a turn of its lane once", async () => {
    const { queue } = await open()
    const turns = await taker(queue)
    await queue.wake(lane("a"))
    await turns.reach(1)
    expect(turns.taken).toEqual([lane("a")])
    await settled(queue)
    expect(turns.taken).toHaveLength(1)
  })

  test("any number of wakes before a turn cause one", async () => {
    const { queue } = await open()
    for (let i = 0; i < 20; i++) await queue.wake(lane("a"))
    await Promise.all(Array.from({ length: 20 }, () => queue.wake(lane("b"))))
    expect((await queue.counts()).normalize.waiting).toBe(2)
    const turns = await taker(queue)
    await turns.reach(2)
    await settled(queue)
    expect(turns.stores().sort()).toEqual(["a", "b"])
  })

  test("wakes during a turn cause one more turn, after it", async () => {
    const { queue } = await open()
    const turns = await taker(queue, async (_, count) => {
      if (count === 1) for (let i = 0; i < 5; i++) await queue.wake(lane("a"))
      return "idle"
    })
    await queue.wake(lane("a"))
    await turns.reach(2)
    await settled(queue)
    expect(turns.taken).toHaveLength(2)
    expect(turns.mostAtOnce()).toBe(1)
  })

  test("lanes with more to do take turns in order: a long one delays another by one turn", async () => {
    const { queue } = await open()
    await queue.wake(lane("a"))
    await queue.wake(lane("b"))
    await queue.wake(lane("c"))
    const left: Record<string, number> = { a: 4, b: 2, c: 2 }
    const turns = await taker(queue, async ({ storeId }) => {
      left[storeId] = (left[storeId] ?? 0) - 1
      return (left[storeId] ?? 0) > 0 ? "more" : "idle"
    })
    await turns.reach(8)
    await settled(queue)
    expect(turns.stores()).toEqual(["a", "b", "c", "a", "b", "c", "a", "a"])
  })

  test("a lane is on one turn at a time, whatever the concurrency", async () => {
    const { queue } = await open()
    let left = 30
    const turns = await taker(queue, async () => (--left > 0 ? "more" : "idle"), 8)
    await queue.wake(lane("a"))
    await turns.reach(30)
    expect(turns.mostAtOnce()).toBe(1)
  })

  test("a turn that is done until later is taken again then, and a wake before takes it at once", async () => {
    const { queue } = await open()
    const turns = await taker(queue, async (_, count): Promise<TurnEnd> => {
      if (count === 1) return { afterMs: 60_000 }
      return count === 2 ? { afterMs: 300 } : "idle"
    })
    await queue.wake(lane("a"))
    await waitUntil("the lane is due later", async () => (await queue.counts()).normalize.delayed === 1)
    await queue.wake(lane("a"))
    await turns.reach(3)
    await settled(queue)
    expect(turns.taken).toHaveLength(3)
    const [, second = 0, third = 0] = turns.startedAt
    expect(third - second).toBeGreaterThanOrEqual(300)
  })

  test("RetryLater takes the turn again after its time, and a wake meanwhile is neither lost nor hurries it", async () => {
    const { queue } = await open()
    const turns = await taker(queue, async (_, count) => {
      if (count === 1) throw new RetryLater("busy", { afterMs: 1_000 })
      return "idle"
    })
    await queue.wake(lane("a"))
    await waitUntil("the turn is put off", async () => (await queue.counts()).normalize.delayed === 1)
    await queue.wake(lane("a"))
    await turns.reach(2)
    const [first = 0, second = 0] = turns.startedAt
    expect(second - first).toBeGreaterThanOrEqual(950)
    expect(second - first).toBeLessThan(5_000)
    await settled(queue)
    expect(turns.taken).toHaveLength(2)
  })

  test("a wake during a turn that is then put off is not lost", async () => {
    const { queue } = await open()
    const turns = await taker(queue, async (_, count) => {
      if (count > 1) return "idle"
      await queue.wake(lane("a"))
      throw new RetryLater("busy", { afterMs: 100 })
    })
    await queue.wake(lane("a"))
    await turns.reach(2)
    await settled(queue)
    expect(turns.taken.length).toBeGreaterThanOrEqual(2)
    expect((await queue.counts()).normalize.failed).toBe(0)
  })

  test("postponing ends: a lane that is put off again and again fails, and its next wake works", async () => {
    const { queue, limits } = await open()
    const turns = await taker(queue, async (_, count) => {
      if (count <= limits.startsMax) throw new RetryLater("busy", { afterMs: 10 })
      return "idle"
    })
    await queue.wake(lane("a"))
    await waitUntil("the job fails", async () => (await queue.counts()).normalize.failed === 1)
    expect(turns.taken).toHaveLength(limits.startsMax)
    await queue.wake(lane("a"))
    await turns.reach(limits.startsMax + 1)
  })

  test("a turn that throws is taken again a bounded number of times, and the next wake works", async () => {
    const { queue, limits } = await open()
    const turns = await taker(queue, async (_, count) => {
      if (count <= limits.attemptsMax) throw new Error("a bug")
      return "idle"
    })
    await queue.wake(lane("a"))
    await waitUntil("the job fails", async () => (await queue.counts()).normalize.failed === 1)
    expect(turns.taken).toHaveLength(limits.attemptsMax)
    await queue.wake(lane("a"))
    await turns.reach(limits.attemptsMax + 1)
  })

  test("a wake while a failed turn waits for its next attempt is served by it", async () => {
    const { queue } = await open({ retryDelayMs: 600 })
    const turns = await taker(queue, async (_, count) => {
      if (count === 1) throw new Error("a bug")
      return "idle"
    })
    await queue.wake(lane("a"))
    await waitUntil("the attempt is put off", async () => (await queue.counts()).normalize.delayed === 1)
    await queue.wake(lane("a"))
    await turns.reach(2)
    await settled(queue)
    expect(turns.taken).toHaveLength(2)
  })

  test("Rejected is not tried again, wakes during that turn are served, and so are later ones", async () => {
    const { queue } = await open()
    const turns = await taker(queue, async (_, count) => {
      if (count > 1) return "idle"
      await queue.wake(lane("a"))
      throw new Rejected("broken", "for good")
    })
    await queue.wake(lane("a"))
    await turns.reach(2)
    await settled(queue)
    expect((await queue.counts()).normalize.failed).toBe(1)
    await queue.wake(lane("a"))
    await turns.reach(3)
  })

  test("stages do not take each other's turns", async () => {
    const { queue } = await open()
    const turns = await taker(queue)
    await queue.wake({ ...lane("a"), stage: "embed" })
    await queue.wake(lane("b"))
    await turns.reach(1)
    await settled(queue)
    expect(turns.stores()).toEqual(["b"])
    expect((await queue.counts()).embed).toEqual({ waiting: 1, active: 0, delayed: 0, failed: 0 })
  })

  test("the lane of a worker that is killed in its turn is taken again", async () => {
    const { queue, limits } = await open()
    await queue.wake(lane("a"))
    const worker = await harness.startStuckWorker(limits)
    const turns = await taker(queue)
    await queue.wake(lane("a"))
    await worker.kill()
    await turns.reach(1, 45_000)
    await waitUntil("the queue is empty", async () => isEmpty(await queue.counts()))
  })

  test("after the queue's store lost everything, wakes work again", async () => {
    const { queue } = await open()
    let release = () => {}
    const turns = await taker(
      queue,
      async (_, count) => {
        if (count === 1) await new Promise<void>((resolve) => (release = resolve))
        return "idle"
      },
      2,
    )
    await queue.wake(lane("a"))
    await turns.reach(1)
    await queue.wake(lane("a"))
    await harness.lose()
    await queue.wake(lane("a"))
    await queue.wake(lane("b"))
    await turns.reach(3)
    release()
    await queue.wake(lane("c"))
    await turns.reach(4)
    expect(turns.stores().sort()).toEqual(["a", "a", "b", "c"])
  })

  test("close() lets the running turn finish", async () => {
    const { queue } = await open()
    let finished = false
    const turns = await taker(queue, async () => {
      await new Promise((resolve) => setTimeout(resolve, 500))
      finished = true
      return "idle"
    })
    await queue.wake(lane("a"))
    await turns.reach(1)
    await turns.close()
    expect(finished).toBe(true)
    expect(isEmpty(await queue.counts())).toBe(true)
  })

  test("close() gives up on a turn that does not end, and its lane is taken by another worker", async () => {
    const { queue, limits } = await open({ closeTimeoutMs: 300 })
    const stuck = await taker(queue, () => new Promise(() => {}))
    await queue.wake(lane("a"))
    await stuck.reach(1)
    const startedAt = performance.now()
    await stuck.close()
    expect(performance.now() - startedAt).toBeLessThan(limits.closeTimeoutMs + 3_000)
    const turns = await taker(queue)
    await turns.reach(1)
  })
}

function lane(storeId: string): Lane {
  return { stage: "normalize", workspaceId: "acme", storeId }
}

function isEmpty(counts: Awaited<ReturnType<LaneQueue["counts"]>>): boolean {
  return Object.values(counts).every(({ waiting, active, delayed }) => waiting + active + delayed === 0)
}

/** No turn of `normalize` is waiting, running or due. */
function settled(queue: LaneQueue): Promise<void> {
  return waitUntil("no turn is left", async () => {
    const { waiting, active, delayed } = (await queue.counts()).normalize
    return waiting + active + delayed === 0
  })
}

/** Takes turns on `normalize` and remembers them. `turn` is told how many turns there were, counting this one. */
async function taker(
  queue: LaneQueue,
  turn: (lane: Lane, count: number) => Promise<TurnEnd> = async () => "idle",
  concurrency = 1,
) {
  const taken: Lane[] = []
  const startedAt: number[] = []
  const running = new Map<string, number>()
  let most = 0
  const run = await queue.run("normalize", concurrency, async (lane) => {
    taken.push(lane)
    startedAt.push(performance.now())
    const now = (running.get(lane.storeId) ?? 0) + 1
    running.set(lane.storeId, now)
    most = Math.max(most, now)
    try {
      return await turn(lane, taken.length)
    } finally {
      running.set(lane.storeId, (running.get(lane.storeId) ?? 1) - 1)
    }
  })
  return {
    taken,
    startedAt,
    stores: () => taken.map(({ storeId }) => storeId),
    /** The most turns one lane was ever on at once. */
    mostAtOnce: () => most,
    reach: (count: number, timeoutMs?: number) =>
      waitUntil(`${count} turns are taken`, () => taken.length >= count, timeoutMs),
    close: () => run.close(),
  }
}
