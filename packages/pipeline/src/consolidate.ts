import { randomUUID } from "node:crypto"
import type { Consolidate, ConsolidationRun, RunStart } from "@engram/contracts/consolidation"
import { reasonOf } from "@engram/contracts/errors"
import type { RunId } from "@engram/contracts/ids"
import { dayOf } from "@engram/core/consolidate/calendar"
import { readDue, type StoreDue } from "./consolidate/due.ts"
import { rebuildProfiles } from "./consolidate/profiles.ts"
import { type ConsolidateDeps, emptyReport, type Run, whyNothing } from "./consolidate/run.ts"
import { rebuildSummaries } from "./consolidate/summaries.ts"
import { inTime, inWords } from "./in-time.ts"
import { tellQueue } from "./wake.ts"

/**
 * Rebuilds what marks say has changed: clusters into summaries, and entities into profiles. Whatever it is killed at, the marks are
 * still there, a summary is whole or as it was, and what is up to date already is left alone when they are read again.
 */
export const createConsolidate = (deps: ConsolidateDeps): Consolidate => ({
  run: async (workspaceId, start) => {
    const id: RunId = `run_${randomUUID()}`
    const today = dayOf(start.now)
    const begun = await deps.ledger.begin(workspaceId, { ...start, id, day: today, leaseMs: deps.leaseMs })
    if (begun === undefined) return undefined
    // A clock that was set back does not turn months into weeks again.
    const day = begun.lastDay !== null && begun.lastDay > today ? begun.lastDay : today
    const run: Run = {
      ...deps,
      ...{ workspaceId, id, now: start.now, day, report: emptyReport(), again: [] },
      isOurs: true,
      doing: "reading what is due",
    }
    const renewing = setInterval(() => {
      deps.ledger.renew(workspaceId, id, deps.leaseMs).then(
        (ours) => {
          run.isOurs &&= ours
        },
        () => {},
      )
    }, deps.leaseMs / 3)
    try {
      return await consolidate(run, start, begun.lastDay)
    } finally {
      clearInterval(renewing)
    }
  },

  plan: async (workspaceId, start) => {
    const day = dayOf(start.now)
    const { stores } = await readDue(deps.ledger, workspaceId, { ...start, day, lastDay: null })
    const count = (of: (store: StoreDue) => number) => stores.reduce((sum, store) => sum + of(store), 0)
    return {
      clustersDue: count(
        ({ windows, quarters }) => quarters.length + windows.reduce((sum, each) => sum + each.entityIds.size, 0),
      ),
      profilesDue: count(({ entities }) => entities.size),
    }
  },
})

async function consolidate(run: Run, start: RunStart, lastDay: string | null): Promise<ConsolidationRun> {
  const { ledger, workspaceId, log } = run
  const end = { report: run.report, again: run.again, keepTopics: start.entityIds !== undefined }
  try {
    const tooLong = () => new Error(`given up after ${inWords(run.timeoutMs)}, while ${run.doing}`)
    const marks = await inTime(run.timeoutMs, rebuild(run, start, lastDay), tooLong)
    const reason = whyNothing(run.report)
    return await ledger.finish(workspaceId, run.id, { ...end, state: "done", reason, marks })
  } catch (error) {
    run.isOurs = false
    const reason = reasonOf(error)
    const about = { workspaceId, run: run.id, reason, stack: (error as Error)?.stack }
    log.error(about, "consolidation failed; what it was to do stays marked")
    return ledger.finish(workspaceId, run.id, { ...end, state: "failed", reason, marks: [], again: [] })
  }
}

/** Does all that is due, and returns the marks that are done with it. */
async function rebuild(run: Run, start: RunStart, lastDay: string | null): Promise<readonly number[]> {
  const due = await readDue(run.ledger, run.workspaceId, { ...start, day: run.day, lastDay })
  for (const store of due.stores) {
    run.doing = `writing summaries of store ${store.storeId}`
    await rebuildSummaries(run, store)
    run.doing = `rebuilding profiles of store ${store.storeId}`
    await rebuildProfiles(run, store)
    run.doing = `waking the embed lane of store ${store.storeId}`
    await tellQueue(run.queue, run.log, { stage: "embed", workspaceId: run.workspaceId, storeId: store.storeId })
  }
  return due.marks
}
