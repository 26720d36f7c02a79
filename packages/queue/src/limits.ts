import type { Stage } from "@engram/contracts/ports"

export interface LaneQueueLimits {
  /** Queues are named `{prefix}-{stage}`; fleets that share a Redis or a database need one each. No `:`, BullMQ forbids it. */
  readonly prefix: string
  /** How long a wake may take before it is refused. */
  readonly wakeTimeoutMs: number
  /** A worker that is killed holds its lanes this long, and `stalledIntervalMs` more, before they are taken again. */
  readonly lockMs: number
  readonly stalledIntervalMs: number
  /** How often in a row a lane's worker may die before its job is failed. A later wake starts anew. */
  readonly stallsMax: number
  /** How often a turn that throws is taken, counting the first. */
  readonly attemptsMax: number
  /** Before the second attempt; doubles with each, with up to half of it taken off at random. */
  readonly retryDelayMs: number
  /** How often a job may start, which bounds `RetryLater`: postponing spends no attempt. */
  readonly startsMax: number
  /** No turn waits longer than this, whatever it asked for: it is taken and may ask again. */
  readonly delayMaxMs: number
  readonly failedKeptSeconds: number
  /** How long close() lets a running turn finish before it is handed to another worker; a process gives it 15 s in all. */
  readonly closeTimeoutMs: number
}

/** A killed worker's lanes run again within 25 s; BullMQ's own defaults take 60 s (both measured). */
export const defaultLimits: LaneQueueLimits = {
  prefix: "engram",
  wakeTimeoutMs: 2_500,
  lockMs: 20_000,
  stalledIntervalMs: 5_000,
  stallsMax: 5,
  attemptsMax: 5,
  retryDelayMs: 1_000,
  startsMax: 50,
  delayMaxMs: 3_600_000,
  failedKeptSeconds: 86_400,
  closeTimeoutMs: 10_000,
}

/**
 * How a turn ended: as it said (`idle`, `more`, `later`), put off by `RetryLater` (`postponed`), refused for good by
 * `Rejected` (`rejected`), or by any other error (`failed`), which is tried again while attempts are left.
 */
export type TurnOutcome = "idle" | "more" | "later" | "postponed" | "rejected" | "failed"

export interface TurnReport {
  readonly stage: Stage
  readonly ms: number
  readonly outcome: TurnOutcome
}
