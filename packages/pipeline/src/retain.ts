import type { ForgetCounts } from "@engram/contracts/forget"
import type { RetentionLedger, RetentionState } from "@engram/contracts/retention"
import { clearUp, wakeAll } from "./forget/forget.ts"
import type { ForgetDeps } from "./forget/forget-deps.ts"

export interface RetainReport {
  /** `off`: the workspace keeps what it has. `held`: it is under legal hold. */
  readonly state: RetentionState
  /** How many of what went, with what an earlier run was killed at. */
  readonly removed: ForgetCounts
}

export interface RetainDeps extends Pick<ForgetDeps, "ledger" | "cache" | "artifacts" | "queue" | "log"> {
  readonly retention: RetentionLedger
}

/**
 * Removes what is older than the workspace keeps things, by the ways of forgetting and without suppressing it. Some at a time, each in
 * a transaction that finds what is left by itself: killed anywhere and run again it goes on.
 */
export const retain =
  (deps: RetainDeps) =>
  async (workspaceId: string, now: number): Promise<RetainReport> => {
    const { retention } = deps
    let removed = await retention.removeSome(workspaceId, now)
    while (Object.keys(removed.counts).length > 0) removed = await retention.removeSome(workspaceId, now)
    const { state, retentionId } = removed
    // Under a hold what is left of an earlier night waits with all else.
    if (retentionId === null || state === "held") return { state, removed: {} }
    const cleared = await clearUp(deps, workspaceId, retentionId)
    await wakeAll(deps, workspaceId)
    return { state, removed: await retention.finish(workspaceId, retentionId, cleared) }
  }
