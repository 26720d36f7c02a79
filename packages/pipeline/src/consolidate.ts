import { randomUUID } from "node:crypto"
import type { Consolidate, ConsolidationRun, RunStart } from "@engram/contracts/consolidation"
import { reasonOf } from "@engram/contracts/errors"
import type { RunId } from "@engram/contracts/ids"
import { dayOf } from "@engram/core/consolidate/calendar"
import { readDue, type StoreDue } from "./consolidate/due.ts"
import { rebuildProfiles } from "./consolidate/profiles.ts"
import { type ConsolidateDeps, emptyReport, type Run, whyNothing } from "./consolidate/run.ts"
import { rebuildSummaries } from "./consolidate/summaries.ts"

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
    const run: Run = { ...deps, workspaceId, id, now: start.now, day, report: emptyReport(), again: [], isOurs: true }
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
    const due = await readDue(ledger, workspaceId, { ...start, day: run.day, lastDay })
    for (const store of due.stores) {
      await rebuildSummaries(run, store)
      await rebuildProfiles(run, store)
      await wake(run, store.storeId)
    }
    const reason = whyNothing(run.report)
    return await ledger.finish(workspaceId, run.id, { ...end, state: "done", reason, marks: due.marks })
  } catch (error) {
    log.error({ workspaceId, run: run.id, error }, "consolidation failed; what it was to do stays marked")
    return ledger.finish(workspaceId, run.id, {
      ...end,
      state: "failed",
      reason: reasonOf(error),
      marks: [],
      again: [],
    })
  }
}

/** Best effort: the sweep wakes what was not told. */
async function wake(run: Run, storeId: string): Promise<void> {
  const lane = { stage: "embed", workspaceId: run.workspaceId, storeId } as const
  await run.queue.wake(lane).catch((error: unknown) => run.log.warn({ lane, error }, "queue not told, the sweep will"))
}
