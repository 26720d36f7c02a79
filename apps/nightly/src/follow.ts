import type { Consolidate, ConsolidationRun, RunStart } from "@engram/contracts/consolidation"
import { reasonOf } from "@engram/contracts/errors"
import type { RunId } from "@engram/contracts/ids"
import type { NightStep, StepRecord } from "@engram/contracts/nights"
import type { Log } from "@engram/contracts/ports"
import { type SpanSaid, traced } from "@engram/contracts/spans"
import { inTime, inWords } from "@engram/pipeline/in-time"
import type { NightLedger } from "@engram/store/consolidation/night-ledger"
import type { NightMeters } from "./meters.ts"

export interface RunDeps {
  readonly consolidate: Pick<Consolidate, "run">
  /** What is done after each run, in this order. */
  readonly steps: readonly NightStep[]
  /** A step that takes longer is given up: it failed, and the others have their turn. What it does later is safe beside them. */
  readonly stepTimeoutMs: number
  readonly ledger: Pick<NightLedger, "recordSteps">
  readonly log: Log
  readonly meters: NightMeters
  /** Aborted when the process is to end: steps not begun are left for the next alarm. */
  readonly stop: AbortSignal
}

/** A run with what follows it; undefined when nothing was begun. For who is `alone` with the workspace. */
export async function runAndFollow(
  deps: RunDeps,
  workspaceId: string,
  start: RunStart,
): Promise<{ readonly run: ConsolidationRun; readonly steps: readonly StepRecord[] } | undefined> {
  const run = await traced(spanOf("consolidate", workspaceId), () => deps.consolidate.run(workspaceId, start))
  if (!run) return undefined
  const { id, kind, night, state, report, reason } = run
  const ms = run.finishedAt === null ? 0 : run.finishedAt.getTime() - run.startedAt.getTime()
  deps.meters.ran({ kind, state, ms, report })
  const fields = { workspaceId, run: id, kind, night, state, ms, ...report, reason }
  if (state === "done") deps.log.info(fields, "consolidation")
  else deps.log.error(fields, "consolidation did not end well")
  return { run, steps: await follow(deps, workspaceId, id, start.now) }
}

const spanOf = (step: string, workspaceId: string): SpanSaid => {
  return { name: `night ${step}`, kind: "internal", attributes: { "engram.workspace": workspaceId } }
}

/** Gives each step its turn, whatever became of the others, and records what came of all. */
export async function follow(deps: RunDeps, workspaceId: string, runId: RunId, now: number): Promise<StepRecord[]> {
  const records: StepRecord[] = []
  for (const step of deps.steps) {
    if (deps.stop.aborted) return records
    records.push(await take(deps, step, workspaceId, now))
  }
  await deps.ledger.recordSteps(workspaceId, runId, records)
  return records
}

async function take(deps: RunDeps, { name, run }: NightStep, workspaceId: string, now: number): Promise<StepRecord> {
  const startedAt = performance.now()
  const elapsed = () => Math.round(performance.now() - startedAt)
  try {
    const tooLong = () => new Error(`given up after ${inWords(deps.stepTimeoutMs)}`)
    const stepping = () => inTime(deps.stepTimeoutMs, run(workspaceId, now), tooLong)
    const result = await traced(spanOf(name, workspaceId), stepping)
    const ms = elapsed()
    deps.meters.stepped({ step: name, outcome: "ok", ms })
    deps.log.info({ workspaceId, step: name, ms, result }, "step after a run")
    return { name, ms, result }
  } catch (error) {
    const ms = elapsed()
    deps.meters.stepped({ step: name, outcome: "failed", ms })
    deps.log.error(
      { workspaceId, step: name, ms, reason: reasonOf(error), stack: (error as Error)?.stack },
      "step after a run failed",
    )
    return { name, ms, error: reasonOf(error) }
  }
}
