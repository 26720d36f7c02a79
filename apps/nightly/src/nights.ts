import { reasonOf } from "@engram/contracts/errors"
import type { NightQueue } from "@engram/contracts/nights"
import { type NightRules, nightRules } from "@engram/core/consolidate/due-run"
import type { NightLedger } from "@engram/store/consolidation/night-ledger"
import type { RunDeps } from "./follow.ts"
import { lookRegularly } from "./lookout.ts"
import { tend } from "./tend.ts"

export interface NightsDeps extends Omit<RunDeps, "stop"> {
  readonly ledger: NightLedger
  readonly queue: NightQueue
  readonly rules?: Partial<NightRules>
  /** How often it is looked what no alarm will say; every minute by default. */
  readonly lookEveryMs?: number
}

/** One run at a time in a process: a run may take hundreds of megabytes. */
const runsAtOnce = 1

/**
 * Tends workspaces' nights until closed. Closing lets a run finish for as long as the queue waits (10 s by default); then it is
 * handed back: recorded as abandoned, so that another process, or the next start, begins it anew at once.
 */
export async function startNights(deps: NightsDeps): Promise<{ close(): Promise<void> }> {
  const { ledger, queue, log, meters } = deps
  const rules = { ...nightRules, ...deps.rules }
  const stop = new AbortController()
  const tended = new Set<string>()
  const tendOne = tend({ ...deps, rules, stop: stop.signal })
  const run = await queue.run(runsAtOnce, async (workspaceId) => {
    tended.add(workspaceId)
    try {
      await tendOne(workspaceId)
    } finally {
      tended.delete(workspaceId)
    }
  })
  const stopLooking = lookRegularly({ ...deps, rules, lookEveryMs: deps.lookEveryMs ?? 60_000 })
  const handBack = async (workspaceId: string): Promise<void> => {
    try {
      if (!(await ledger.handBack(workspaceId))) return
      meters.ran({ kind: "night", state: "abandoned", ms: 0, report: null })
      log.warn({ workspaceId }, "run handed back: it will be begun anew")
    } catch (error) {
      log.warn(
        { workspaceId, reason: reasonOf(error) },
        "run not handed back: it will be taken over when its lease ends",
      )
    }
  }
  return {
    close: async () => {
      stop.abort()
      await stopLooking()
      await run.close()
      await Promise.all([...tended].map(handBack))
    },
  }
}
