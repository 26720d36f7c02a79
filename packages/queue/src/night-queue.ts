import { reasonOf } from "@engram/contracts/errors"
import type { NightAlarm, NightQueue } from "@engram/contracts/nights"
import type { Log } from "@engram/contracts/ports"
import { ErrorCode, type JobsOptions } from "bullmq"
import { z } from "zod"
import { asking, hasCode } from "./asking.ts"
import type { Producer, QueuedJob } from "./backend.ts"
import { closeWithin } from "./close-within.ts"
import { openBackend, type QueueAt } from "./open-backend.ts"

export interface NightQueueLimits {
  /** The queue is named `{prefix}-nights`. */
  readonly prefix: string
  /** How long a single question to the queue's store may take. */
  readonly timeoutMs: number
  /** A process that is killed holds the alarm it looks after this long, and `stalledIntervalMs` more. */
  readonly lockMs: number
  readonly stalledIntervalMs: number
  readonly failedKeptSeconds: number
  /** How long close() lets a look finish. */
  readonly closeTimeoutMs: number
}

const defaultLimits: NightQueueLimits = {
  prefix: "engram",
  timeoutMs: 5_000,
  lockMs: 60_000,
  stalledIntervalMs: 15_000,
  failedKeptSeconds: 86_400,
  closeTimeoutMs: 10_000,
}

const AlarmData = z.strictObject({ workspaceId: z.string().min(1) })

/** An alarm that went off more than this long ago, with none planned after it, was lost. */
const lostAfterMs = 3_600_000

/** Alarms by BullMQ: a job scheduler for each workspace, and jobs that are taken once. */
export async function createNightQueue(
  at: QueueAt,
  log: Log,
  options: Partial<NightQueueLimits> = {},
): Promise<NightQueue> {
  const limits: NightQueueLimits = { ...defaultLimits, ...options }
  const name = `${limits.prefix}-nights`
  const backend = await openBackend(at, log, limits.timeoutMs)
  const ask = asking(backend, limits.timeoutMs)
  const asked = <T>(what: string, question: (queue: Producer) => Promise<T>): Promise<T> =>
    ask(what, async () => question(await backend.queue(name)))
  const jobs: JobsOptions = { removeOnComplete: true, removeOnFail: { age: limits.failedKeptSeconds } }
  const runs = new Set<{ close(): Promise<void> }>()

  const planned = async (): Promise<Map<string, { alarm: NightAlarm | undefined; next: number }>> => {
    const schedulers = await asked("read alarms", (queue) => queue.getJobSchedulers())
    return new Map(
      schedulers.map(({ key, pattern, tz, next = 0 }) => [key, { alarm: alarmOf(key, pattern, tz), next }]),
    )
  }

  const keep = async (alarms: readonly NightAlarm[]) => {
    const there = await planned()
    const soonest = Date.now() - lostAfterMs
    const missing = alarms.filter((alarm) => {
      const known = there.get(alarm.workspaceId)
      return known === undefined || known.next < soonest || !same(known.alarm, alarm)
    })
    for (const { workspaceId, timeZone, atSecond } of missing) {
      await asked("set an alarm", (queue) =>
        queue
          .upsertJobScheduler(
            workspaceId,
            { pattern: patternOf(atSecond), tz: timeZone },
            { name: "night", data: { workspaceId }, opts: jobs },
          )
          .catch(unlessSetMeanwhile),
      )
    }
    const wanted = new Set(alarms.map(({ workspaceId }) => workspaceId))
    const gone = [...there.keys()].filter((key) => !wanted.has(key))
    for (const key of gone) await asked("remove an alarm", (queue) => queue.removeJobScheduler(key))
    return { set: missing.length, removed: gone.length }
  }

  const ring = (workspaceId: string) =>
    asked("ring", async (queue) => {
      await queue.add("ring", { workspaceId }, { ...jobs, deduplication: { id: workspaceId, keepLastIfActive: true } })
    })

  const run = async (concurrency: number, look: (workspaceId: string) => Promise<void>) => {
    const worker = backend.work(name, (job) => lookAfter(job, look, log), {
      concurrency,
      lockDuration: limits.lockMs,
      stalledInterval: limits.stalledIntervalMs,
      maxStalledCount: 5,
      runRetryDelay: 2_000,
    })
    let closed: Promise<void> | undefined
    const stop = async () => {
      await closeWithin(worker, limits.closeTimeoutMs, () =>
        log.warn({ closeTimeoutMs: limits.closeTimeoutMs }, "look at a workspace left running"),
      )
      worker.disconnect()
      runs.delete(closing)
    }
    const closing = { close: () => (closed ??= stop()) }
    runs.add(closing)
    return closing
  }

  return {
    keep,
    ring,
    run,
    alarms: async () => [...(await planned()).values()].flatMap(({ alarm }) => alarm ?? []),
    close: async () => {
      await Promise.all([...runs].map((each) => each.close()))
      await backend.close()
    },
  }
}

async function lookAfter(job: QueuedJob, look: (workspaceId: string) => Promise<void>, log: Log): Promise<void> {
  const { workspaceId } = AlarmData.parse(job.data)
  try {
    await look(workspaceId)
  } catch (error) {
    log.error({ workspaceId, reason: reasonOf(error), stack: (error as Error)?.stack }, "look at a workspace failed")
    throw error
  }
}

/** As cron writes it, with seconds. */
const patternOf = (atSecond: number): string =>
  `${atSecond % 60} ${Math.floor(atSecond / 60) % 60} ${Math.floor(atSecond / 3_600)} * * *`

function alarmOf(workspaceId: string, pattern: string | undefined, tz: string | undefined): NightAlarm | undefined {
  const [second, minute, hour] = (pattern ?? "").split(" ").map(Number)
  if (second === undefined || minute === undefined || hour === undefined || tz === undefined) return undefined
  return { workspaceId, timeZone: tz, atSecond: hour * 3_600 + minute * 60 + second }
}

const same = (a: NightAlarm | undefined, b: NightAlarm): boolean =>
  a?.timeZone === b.timeZone && a.atSecond === b.atSecond

/** Another process has set the same alarm at this moment. If it meant another time, the next look tells. */
function unlessSetMeanwhile(error: unknown): void {
  if (!hasCode(error, ErrorCode.SchedulerJobIdCollision)) throw error
}
