import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  type EmbeddedPostgres,
  ensureDatabase,
  ensureEmbeddedPostgres,
} from "@engram/embedded-postgres/embedded-postgres"
import { createLaneQueue } from "@engram/queue/lane-queue"
import { createNightQueue } from "@engram/queue/night-queue"
import { laneQueuePromises } from "@engram/testkit/lane-queue-promises"
import { loseQueue } from "@engram/testkit/lose-queue"
import { nightQueuePromises } from "@engram/testkit/night-queue-promises"
import { waitUntil } from "@engram/testkit/wait-until"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { memoryLog } from "./memory-log.ts"
import { startStuckWorker } from "./stuck-worker-process.ts"

const dataDir = mkdtempSync(join(tmpdir(), "engram-queue-"))
const settings = { fsync: "off" }
const lane = { stage: "normalize", workspaceId: "acme", storeId: "a" } as const
let server: EmbeddedPostgres
let databaseUrl: string

beforeAll(async () => {
  server = await ensureEmbeddedPostgres({ dataDir, settings })
  databaseUrl = await ensureDatabase(server.url, "queue")
})
afterAll(async () => {
  await server.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

async function ask(sql: string, url = databaseUrl) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

const lose = () => loseQueue(ask).then(() => {})

describe("night queue on Postgres", () => {
  nightQueuePromises({ open: (limits) => createNightQueue({ databaseUrl }, memoryLog().log, limits), lose })
})

test("an alarm that PostgreSQL ended in a deadlock is set all the same", async () => {
  const url = await ensureDatabase(server.url, "deadlocks")
  const queue = await createNightQueue({ databaseUrl: url }, memoryLog().log)
  await ask("CREATE SEQUENCE bullmq.ended", url)
  await ask(
    `CREATE FUNCTION bullmq.end_two() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       IF nextval('bullmq.ended') <= 2 THEN RAISE deadlock_detected; END IF;
       RETURN NEW;
     END $$`,
    url,
  )
  await ask("CREATE TRIGGER end_two BEFORE INSERT ON bullmq.job FOR EACH ROW EXECUTE FUNCTION bullmq.end_two()", url)
  const alarm = { workspaceId: "acme", timeZone: "UTC", atSecond: 7_200 }
  expect(await queue.keep([alarm])).toEqual({ set: 1, removed: 0 })
  expect(await queue.alarms()).toEqual([alarm])
  await queue.close()
})

describe("lane queue on Postgres", () => {
  laneQueuePromises({
    open: (limits) => createLaneQueue({ databaseUrl }, memoryLog().log, limits),
    lose,
    startStuckWorker: (limits) => startStuckWorker({ databaseUrl }, limits),
  })

  test("several may make the queue's tables at once", async () => {
    const fresh = await ensureDatabase(server.url, "fresh")
    const queues = await Promise.all([1, 2, 3].map(() => createLaneQueue({ databaseUrl: fresh }, memoryLog().log)))
    for (const queue of queues) await queue.wake(lane)
    expect((await queues[0]!.counts()).normalize.waiting).toBe(1)
    for (const queue of queues) await queue.close()
  })

  test("a wake is refused within 3 s while Postgres is away, and turns go on when it is back", async () => {
    const { log, lines } = memoryLog()
    const queue = await createLaneQueue({ databaseUrl }, log, { prefix: "away" })
    let turns = 0
    await queue.run("normalize", 4, async () => {
      turns += 1
      return "idle"
    })
    await queue.wake(lane)
    await waitUntil("a turn is taken", () => turns === 1)
    process.kill(server.pid, "SIGKILL")
    // Its children outlive it by some 300 ms, and answer until then.
    await waitUntil("Postgres is gone", () => queue.check().then(no, yes))
    const startedAt = performance.now()
    await expect(queue.wake(lane)).rejects.toMatchObject({ name: "RetryLater" })
    await expect(queue.check()).rejects.toMatchObject({ name: "RetryLater" })
    expect(performance.now() - startedAt).toBeLessThan(3_000)
    server = await ensureEmbeddedPostgres({ dataDir, settings })
    await waitUntil("wakes work again", () => queue.wake(lane).then(yes, no))
    await waitUntil("turns are taken again", () => turns > 1, 30_000)
    expect(lines.filter(({ message }) => message === "queue connection trouble").length).toBeLessThan(20)
    await queue.close()
  })

  test("a wrong password and an absent server are said in words when the queue is made", async () => {
    const wrong = databaseUrl.replace(/:[^:@]+@/, ":wrong@")
    await expect(createLaneQueue({ databaseUrl: wrong }, memoryLog().log)).rejects.toThrow(/queue.*password/)
    const absent = "postgres://engram@127.0.0.1:1/queue"
    await expect(createLaneQueue({ databaseUrl: absent }, memoryLog().log)).rejects.toMatchObject({
      name: "RetryLater",
    })
  })

  test("finished turns leave nothing behind but a bounded trail of events", async () => {
    const queue = await createLaneQueue({ databaseUrl }, memoryLog().log, { prefix: "tidy" })
    let left = 3_000
    await queue.run("normalize", 1, async () => (--left > 0 ? "more" : "idle"))
    await queue.wake(lane)
    await waitUntil("all turns are taken", () => left === 0, 50_000)
    await waitUntil("the last turn is closed", async () => (await queue.counts()).normalize.active === 0)
    expect(await ask("SELECT count(*)::int FROM bullmq.job WHERE queue LIKE 'tidy%'")).toEqual([{ count: 0 }])
    const [events] = await ask("SELECT count(*)::int FROM bullmq.event WHERE queue LIKE 'tidy%'")
    expect(events.count).toBeLessThan(3_000)
    await queue.close()
  })
})

const yes = () => true
const no = () => false
