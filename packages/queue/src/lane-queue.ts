import { type Lane, type LaneQueue, type Log, type Stage, stages, type TurnEnd } from "@engram/contracts/ports"
import type { JobsOptions } from "bullmq"
import { asking } from "./asking.ts"
import type { Backend, WorkerSettings } from "./backend.ts"
import { closeWithin } from "./close-within.ts"
import { defaultLimits, type LaneQueueLimits, type TurnReport } from "./limits.ts"
import { openBackend, type QueueAt } from "./open-backend.ts"
import { laterJob, takeTurn } from "./take-turn.ts"

export interface LaneQueueOptions extends Partial<LaneQueueLimits> {
  /** Called once as each turn ends. */
  readonly onTurn?: (report: TurnReport) => void
}

/**
 * Lanes by BullMQ: one queue per stage, at most one job waiting and one active per lane.
 *
 * | a wake while the lane's job is …         | causes                                                   |
 * |------------------------------------------|----------------------------------------------------------|
 * | not there                                | a turn                                                   |
 * | waiting                                  | nothing more: that turn will see everything              |
 * | active                                   | one more turn after it, at the end of the queue          |
 * | put off by RetryLater, or by a failure   | nothing more: the turn is taken when its delay ends      |
 * | done until later (`{ afterMs }`), failed | a turn at once                                           |
 *
 * On Redis it resolves whether or not Redis is there; on Postgres it rejects with `RetryLater` when the database is away.
 */
export async function createLaneQueue(at: QueueAt, log: Log, options: LaneQueueOptions = {}): Promise<LaneQueue> {
  const { onTurn = () => {}, ...chosen } = options
  const limits: LaneQueueLimits = { ...defaultLimits, ...chosen }
  const backend = await openBackend(at, log, limits.wakeTimeoutMs)
  const nameOf = (stage: Stage) => `${limits.prefix}-${stage}`
  const runs = new Set<{ close(): Promise<void> }>()

  const ask = asking(backend, limits.wakeTimeoutMs)
  const add = (name: string, { stage, workspaceId, storeId }: Lane, jobOptions: JobsOptions) =>
    ask("wake a lane", async () => {
      const queue = await backend.queue(nameOf(stage))
      await queue.add(name, { workspaceId, storeId }, { ...retention(limits), ...jobOptions })
    })
  const wake = (lane: Lane) => add(lane.stage, lane, { deduplication: { id: lane.storeId, keepLastIfActive: true } })
  // Under an id of its own, so that it holds back no wake, and replaced, so that the last turn's answer counts.
  const wakeLater = (lane: Lane, afterMs: number) =>
    add(laterJob, lane, {
      delay: Math.min(Math.max(afterMs, 1), limits.delayMaxMs),
      deduplication: { id: `${lane.storeId}-later`, replace: true, keepLastIfActive: true },
    })

  const run = async (stage: Stage, concurrency: number, turn: (lane: Lane) => Promise<TurnEnd>) => {
    const settings = workerSettings(limits, concurrency)
    const process = takeTurn({ stage, turn, wake, wakeLater, log, limits, onTurn })
    const worker = backend.work(nameOf(stage), process, settings)
    const sweeping = sweepFailed(backend, nameOf(stage), limits)
    const closing = { close: () => (closed ??= stop()) }
    let closed: Promise<void> | undefined
    const stop = async () => {
      clearInterval(sweeping)
      await closeWithin(worker, limits.closeTimeoutMs, () =>
        log.warn({ stage, closeTimeoutMs: limits.closeTimeoutMs }, "turn left running: its lane will be taken again"),
      )
      worker.disconnect()
      runs.delete(closing)
    }
    runs.add(closing)
    return closing
  }

  const countsOf = async (stage: Stage) => {
    const queue = await backend.queue(nameOf(stage))
    const counts = await queue.getJobCounts("waiting", "active", "delayed", "failed")
    const { waiting = 0, active = 0, delayed = 0, failed = 0 } = counts
    return [stage, { waiting, active, delayed, failed }] as const
  }

  return {
    wake,
    run,
    counts: async () => {
      const counted = await ask("count jobs", () => Promise.all(stages.map(countsOf)))
      return Object.fromEntries(counted) as Awaited<ReturnType<LaneQueue["counts"]>>
    },
    check: () => ask("answer", backend.ping),
    close: async () => {
      await Promise.all([...runs].map((each) => each.close()))
      await backend.close()
    },
  }
}

/** By age only: a count deadlocks on Postgres at concurrency 10 and marks jobs failed that succeeded (BullMQ 6.7). */
function retention({ attemptsMax, retryDelayMs, failedKeptSeconds }: LaneQueueLimits): JobsOptions {
  return {
    attempts: attemptsMax,
    backoff: { type: "exponential", delay: retryDelayMs, jitter: 0.5 },
    removeOnComplete: true,
    removeOnFail: { age: failedKeptSeconds },
  }
}

function workerSettings(limits: LaneQueueLimits, concurrency: number): WorkerSettings {
  return {
    concurrency,
    lockDuration: limits.lockMs,
    stalledInterval: limits.stalledIntervalMs,
    maxStalledCount: limits.stallsMax,
    // How soon a worker tries again after its store failed; by default lanes rest 15 s after Postgres is back (measured).
    runRetryDelay: 2_000,
  }
}

/** BullMQ removes by age only when another job fails, so old failures are also cleared once an hour. */
function sweepFailed(backend: Backend, name: string, { failedKeptSeconds }: LaneQueueLimits): NodeJS.Timeout {
  const sweep = async () => {
    const queue = await backend.queue(name)
    await queue.clean(failedKeptSeconds * 1_000, 1_000, "failed")
  }
  return setInterval(() => void sweep().catch(() => {}), 3_600_000).unref()
}
