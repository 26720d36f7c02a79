import type { Config } from "@engram/config/config"
import type { NightQueue } from "@engram/contracts/nights"
import type { LaneQueue, Log } from "@engram/contracts/ports"
import type { Lifecycle } from "@engram/lifecycle/lifecycle"
import type { LaneQueueOptions } from "@engram/queue/lane-queue"
import { defaultLimits } from "@engram/queue/limits"
import type { QueueAt } from "@engram/queue/open-backend"

// BullMQ is loaded when a queue is opened: its 300 files are a third of the start of a command that opens none (measured).

/** Redis where REDIS_URL names one, else the database. */
export async function openQueue(
  options: {
    readonly config: Pick<Config, "redisUrl" | "workerLeaseMs">
    readonly databaseUrl: string
    readonly lifecycle: Lifecycle
    readonly log: Log
  } & LaneQueueOptions,
): Promise<LaneQueue> {
  const { config, databaseUrl, lifecycle, log, ...given } = options
  const limits = {
    lockMs: Math.min(defaultLimits.lockMs, config.workerLeaseMs),
    stalledIntervalMs: Math.min(defaultLimits.stalledIntervalMs, config.workerLeaseMs),
    ...given,
  }
  const { createLaneQueue } = await import("@engram/queue/lane-queue")
  return lifecycle.own(
    await createLaneQueue(placeOf(config, databaseUrl), log, limits),
    (queue) => queue.close(),
    "the queue",
  )
}

/** The alarms of nights, in the same place. */
export async function openNightQueue(options: {
  readonly config: Pick<Config, "redisUrl">
  readonly databaseUrl: string
  readonly lifecycle: Lifecycle
  readonly log: Log
  readonly prefix?: string
}): Promise<NightQueue> {
  const { config, databaseUrl, lifecycle, log, ...given } = options
  const { createNightQueue } = await import("@engram/queue/night-queue")
  const queue = await createNightQueue(placeOf(config, databaseUrl), log, given)
  return lifecycle.own(queue, (opened) => opened.close(), "the alarms")
}

const placeOf = ({ redisUrl }: Pick<Config, "redisUrl">, databaseUrl: string): QueueAt =>
  redisUrl === undefined ? { databaseUrl } : { redisUrl }
