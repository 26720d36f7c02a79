import type { RunStart } from "@engram/contracts/consolidation"
import { dueRun, type NightRules, type NightState } from "@engram/core/consolidate/due-run"
import type { NightLedger } from "@engram/store/consolidation/night-ledger"
import { follow, type RunDeps, runAndFollow } from "./follow.ts"

export interface TendDeps extends RunDeps {
  readonly ledger: NightLedger
  readonly rules: NightRules
}

/**
 * What an alarm causes: the workspace's night if it is due, or a run for entities that have much new, or nothing. Looks of several
 * processes at one workspace are one: the others find somebody at it and leave.
 */
export const tend =
  (deps: TendDeps) =>
  async (workspaceId: string): Promise<void> => {
    await deps.ledger.alone(workspaceId, async () => {
      const left = await deps.ledger.owingSteps(workspaceId)
      if (left) await follow(deps, workspaceId, left, Date.now())
      const state = await deps.ledger.state(workspaceId)
      const start = state && (await startOf(deps, state, Date.now()))
      if (start && !deps.stop.aborted) await runAndFollow(deps, workspaceId, start)
    })
  }

async function startOf({ ledger, rules }: TendDeps, state: NightState, now: number): Promise<RunStart | undefined> {
  const due = dueRun(state, now, rules)
  if (!due) return undefined
  if (due.kind === "night") return { kind: "night", night: due.night, now }
  const entityIds = await ledger.crowded(state.workspaceId, rules.threshold)
  return entityIds.length === 0 ? undefined : { kind: "threshold", night: null, now, entityIds }
}
