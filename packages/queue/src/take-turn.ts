import { Rejected, RetryLater, reasonOf } from "@engram/contracts/errors"
import type { Lane, Log, Stage, TurnEnd } from "@engram/contracts/ports"
import { traced } from "@engram/contracts/spans"
import { DelayedError, UnrecoverableError } from "bullmq"
import { LaneData, type Processor, type QueuedJob } from "./backend.ts"
import type { LaneQueueLimits, TurnOutcome, TurnReport } from "./limits.ts"

export interface Turns {
  readonly stage: Stage
  readonly turn: (lane: Lane) => Promise<TurnEnd>
  readonly wake: (lane: Lane) => Promise<void>
  readonly wakeLater: (lane: Lane, afterMs: number) => Promise<void>
  readonly log: Log
  readonly limits: LaneQueueLimits
  readonly onTurn: (report: TurnReport) => void
}

/** The name of a job that is no turn: when it is due it wakes its lane. */
export const laterJob = "later"

/** The one wrapper of all turns: reads the job, takes the turn, logs one line, and says what its end means to BullMQ. */
export function takeTurn(turns: Turns): Processor {
  const { stage, turn, wake, log, limits, onTurn } = turns
  return async (job, token) => {
    const data = LaneData.safeParse(job.data)
    if (!data.success) throw new UnrecoverableError(`job ${job.id} names no lane: ${data.error.message}`)
    const lane: Lane = { stage, ...data.data }
    if (job.name === laterJob) return wake(lane)

    const startedAt = performance.now()
    const report = (outcome: TurnOutcome, error?: unknown) => {
      const ms = Math.round(performance.now() - startedAt)
      onTurn({ stage, ms, outcome })
      logTurn(log, { ...lane, outcome, ms, start: job.attemptsStarted, ...aboutError(error) })
    }
    try {
      const { workspaceId, storeId } = lane
      const attributes = { "engram.workspace": workspaceId, "engram.store": storeId }
      const span = { name: `turn ${stage}`, kind: "consumer" as const, attributes }
      report(await carryOut(turns, lane, await traced(span, () => turn(lane))))
    } catch (error) {
      // When the queue cannot be told either, it finds the job abandoned, and the turn is taken again.
      const [outcome, answer] = await settle(error, job, token, limits).catch((lost) => ["failed", lost] as const)
      report(outcome, error)
      throw answer
    }
  }
}

/** What is owed is told to the queue before this job ends, so a crash between the two repeats a turn and loses none. */
async function carryOut({ wake, wakeLater }: Turns, lane: Lane, end: TurnEnd): Promise<TurnOutcome> {
  if (end === "idle") return "idle"
  if (end === "more") {
    await wake(lane)
    return "more"
  }
  await wakeLater(lane, end.afterMs)
  return "later"
}

async function settle(
  error: unknown,
  job: QueuedJob,
  token: string | undefined,
  limits: LaneQueueLimits,
): Promise<readonly [TurnOutcome, unknown]> {
  if (error instanceof Rejected) return ["rejected", new UnrecoverableError(`${error.code}: ${error.message}`)]
  if (!(error instanceof RetryLater)) return ["failed", error]
  if (job.attemptsStarted >= limits.startsMax) {
    return ["failed", new UnrecoverableError(`started ${limits.startsMax} times, last put off by: ${error.message}`)]
  }
  await job.moveToDelayed(Date.now() + Math.min(Math.max(error.afterMs, 1), limits.delayMaxMs), token)
  return ["postponed", new DelayedError()]
}

function logTurn(log: Log, fields: Lane & { outcome: TurnOutcome; ms: number; start: number }): void {
  if (fields.outcome === "failed" || fields.outcome === "rejected") log.error(fields, "turn")
  else log.info(fields, "turn")
}

function aboutError(error: unknown): object {
  if (error === undefined) return {}
  const expected = error instanceof Rejected || error instanceof RetryLater
  return expected ? { reason: reasonOf(error) } : { reason: reasonOf(error), stack: (error as Error)?.stack }
}
