import { createLaneQueue } from "@engram/queue/lane-queue"
import { createNightQueue } from "@engram/queue/night-queue"
import { laneQueuePromises } from "@engram/testkit/lane-queue-promises"
import { nightQueuePromises } from "@engram/testkit/night-queue-promises"
import { startRedis, type TestRedis } from "@engram/testkit/redis"
import { waitUntil } from "@engram/testkit/wait-until"
import { Redis } from "ioredis"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { memoryLog } from "./memory-log.ts"
import { startStuckWorker } from "./stuck-worker-process.ts"

let redis: TestRedis
const lane = { stage: "normalize", workspaceId: "acme", storeId: "a" } as const

beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

const lose = async () => {
  const client = new Redis(redis.url)
  await client.flushall()
  client.disconnect()
}

describe("night queue on Redis", () => {
  nightQueuePromises({ open: (limits) => createNightQueue({ redisUrl: redis.url }, memoryLog().log, limits), lose })
})

describe("lane queue on Redis", () => {
  laneQueuePromises({
    open: (limits) => createLaneQueue({ redisUrl: redis.url }, memoryLog().log, limits),
    lose,
    startStuckWorker: (limits) => startStuckWorker({ redisUrl: redis.url }, limits),
  })

  test("a wake is refused within 3 s while Redis hangs, and works when it answers again", async () => {
    const queue = await createLaneQueue({ redisUrl: redis.url }, memoryLog().log, { prefix: "hangs" })
    try {
      await queue.wake(lane)
      process.kill(redis.pid!, "SIGSTOP")
      const startedAt = performance.now()
      const wakes = Array.from({ length: 50 }, () => queue.wake(lane))
      for (const wake of wakes) await expect(wake).rejects.toMatchObject({ name: "RetryLater" })
      await expect(queue.check()).rejects.toThrow("cannot answer in the queue (redis at 127.0.0.1")
      expect(performance.now() - startedAt).toBeLessThan(6_000)
      process.kill(redis.pid!, "SIGCONT")
      await waitUntil("wakes work again", () => queue.wake(lane).then(yes, no))
    } finally {
      process.kill(redis.pid!, "SIGCONT")
      await queue.close()
    }
  })

  test("a queue made while Redis is down refuses wakes within 3 s, and works, turns too, once it is up", async () => {
    const down = await startRedis()
    await down.kill()
    const { log, lines } = memoryLog()
    const queue = await createLaneQueue({ redisUrl: down.url }, log, { prefix: "down" })
    let turns = 0
    await queue.run("normalize", 1, async () => {
      turns += 1
      return "idle"
    })
    try {
      const startedAt = performance.now()
      await expect(queue.wake(lane)).rejects.toMatchObject({ name: "RetryLater" })
      expect(performance.now() - startedAt).toBeLessThan(3_000)
      await down.restart()
      await waitUntil("wakes work", () => queue.wake(lane).then(yes, no))
      await waitUntil("a turn is taken", () => turns > 0)
      await down.kill()
      await expect(queue.wake(lane)).rejects.toMatchObject({ name: "RetryLater" })
      await down.restart()
      const before = turns
      await waitUntil("wakes work after a restart", () => queue.wake(lane).then(yes, no))
      await waitUntil("turns are taken after a restart", () => turns > before)
      // Reconnecting fails several times a second; the log stays readable.
      expect(lines.filter(({ message }) => message === "queue connection trouble").length).toBeLessThan(10)
    } finally {
      await queue.close()
      await down.stop()
    }
  })

  test("close() does not wait for a Redis that is away while no turn runs", async () => {
    const away = await startRedis()
    const { log, lines } = memoryLog()
    const queue = await createLaneQueue({ redisUrl: away.url }, log, { prefix: "away" })
    await queue.run("normalize", 1, async () => "idle")
    await queue.check()
    await away.kill()
    await expect(queue.check()).rejects.toMatchObject({ name: "RetryLater" })
    const startedAt = performance.now()
    await queue.close()
    expect(performance.now() - startedAt).toBeLessThan(4_000)
    expect(lines.filter(({ message }) => message.startsWith("turn left running"))).toEqual([])
    await away.stop()
  })

  test("a turn that runs when Redis goes away may finish before close() ends", async () => {
    const away = await startRedis()
    const queue = await createLaneQueue({ redisUrl: away.url }, memoryLog().log, {
      prefix: "leaving",
      closeTimeoutMs: 1_000,
    })
    let release = () => {}
    let [begun, finished] = [false, false]
    await queue.run("normalize", 1, async () => {
      begun = true
      await new Promise<void>((resolve) => (release = resolve))
      finished = true
      return "idle"
    })
    await queue.wake(lane)
    await waitUntil("the turn has begun", () => begun)
    await away.kill()
    await expect(queue.check()).rejects.toMatchObject({ name: "RetryLater" })
    const closing = queue.close()
    release()
    await closing
    expect(finished).toBe(true)
    await away.stop()
  })

  test("a wrong password is said in words, within 3 s", async () => {
    const locked = await startRedis()
    const client = new Redis(locked.url)
    await client.config("SET", "requirepass", "right")
    const queue = await createLaneQueue({ redisUrl: locked.url.replace("//", "//:wrong@") }, memoryLog().log)
    await expect(queue.check()).rejects.toMatchObject({ code: "queue_refused" })
    client.disconnect()
    await queue.close()
    await locked.stop()
  })
})

const yes = () => true
const no = () => false
