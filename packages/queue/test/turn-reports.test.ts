import { Rejected, RetryLater } from "@engram/contracts/errors"
import type { TurnEnd } from "@engram/contracts/ports"
import { createLaneQueue } from "@engram/queue/lane-queue"
import type { TurnReport } from "@engram/queue/limits"
import { startRedis, type TestRedis } from "@engram/testkit/redis"
import { waitUntil } from "@engram/testkit/wait-until"
import { Queue } from "bullmq"
import { afterAll, beforeAll, expect, test } from "vitest"
import { memoryLog } from "./memory-log.ts"

let redis: TestRedis

beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

const ends: Record<string, () => TurnEnd> = {
  idle: () => "idle",
  later: () => ({ afterMs: 60_000 }),
  postponed: () => {
    throw new RetryLater("busy", { afterMs: 60_000 })
  },
  rejected: () => {
    throw new Rejected("broken", "for good")
  },
  failed: () => {
    throw new Error("a bug")
  },
}

test("each turn is reported once and logged in one line, with its lane, time and outcome", async () => {
  const reports: TurnReport[] = []
  const { log, lines } = memoryLog()
  const onTurn = (report: TurnReport) => void reports.push(report)
  const queue = await createLaneQueue({ redisUrl: redis.url }, log, { prefix: "reports", attemptsMax: 1, onTurn })
  await queue.run("normalize", 1, async ({ storeId }) => ends[storeId]!())
  for (const storeId of Object.keys(ends)) await queue.wake({ stage: "normalize", workspaceId: "acme", storeId })
  await waitUntil("all turns are reported", () => reports.length === Object.keys(ends).length)
  await queue.close()
  expect(reports.map(({ outcome }) => outcome)).toEqual(Object.keys(ends))
  const turns = lines.filter(({ message }) => message === "turn")
  for (const [i, outcome] of Object.keys(ends).entries()) {
    const lane = { stage: "normalize", workspaceId: "acme", storeId: outcome }
    expect(turns[i]?.fields).toMatchObject({ ...lane, outcome, start: 1, ms: expect.any(Number) })
  }
  expect(turns).toHaveLength(Object.keys(ends).length)
  expect(turns.map(({ level }) => level)).toEqual(["info", "info", "info", "error", "error"])
  expect(turns.at(-1)?.fields).toMatchObject({ reason: "a bug", stack: expect.stringContaining("turn-reports") })
})

test("a job that names no lane fails at once and holds up nothing", async () => {
  const queue = await createLaneQueue({ redisUrl: redis.url }, memoryLog().log, { prefix: "unreadable" })
  const { hostname: host, port } = new URL(redis.url)
  const stranger = new Queue("unreadable-normalize", { connection: { host, port: Number(port) } })
  await stranger.add("normalize", { storeId: 7, surprise: true })
  let turns = 0
  await queue.run("normalize", 1, async () => {
    turns += 1
    return "idle"
  })
  await queue.wake({ stage: "normalize", workspaceId: "acme", storeId: "a" })
  await waitUntil("the lane's turn is taken", () => turns === 1)
  expect((await queue.counts()).normalize.failed).toBe(1)
  await stranger.close()
  await queue.close()
})
