import type { Config } from "@engram/config/config"
import type { LaneQueue, Log } from "@engram/contracts/ports"
import type { Lifecycle } from "@engram/lifecycle/lifecycle"
import { createLaneQueue, type LaneQueueOptions } from "@engram/queue/lane-queue"
import { defaultLimits } from "@engram/queue/limits"

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
  const at = config.redisUrl === undefined ? { databaseUrl } : { redisUrl: config.redisUrl }
  return lifecycle.own(await createLaneQueue(at, log, limits), (queue) => queue.close(), "the queue")
}
