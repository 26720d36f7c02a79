import type { ForgetCounts } from "./forget.ts"

/** `off`: the workspace keeps what it has. `held`: it is under legal hold, and nothing goes. */
export type RetentionState = "on" | "off" | "held"

/** What would go at this moment: documents, observations, and deliveries, of which the bytes go. All 0 unless `on`. */
export interface RetentionDue {
  readonly state: RetentionState
  readonly due: { readonly documents: number; readonly observations: number; readonly deliveries: number }
}

export interface RetentionLedger {
  /** Counts what removing until nothing is left would remove now. Removes nothing and waits for nobody. */
  due(workspaceId: string, now: number): Promise<RetentionDue>
  /**
   * Removes some of what is older than the workspace keeps things, in one transaction that asks for the choice and for a legal
   * hold first: documents whose newest part and moment are, with all that rests on them; when none is left, moments of no document; then
   * bytes of deliveries that feed no document. Nothing of it is suppressed. `retentionId` is the removal that is under way, if one is.
   */
  removeSome(
    workspaceId: string,
    now: number,
  ): Promise<{ readonly state: RetentionState; readonly retentionId: string | null; readonly counts: ForgetCounts }>
  /** Writes to the audit log what was removed since it began, and lets go of the ids that it noted on the way. */
  finish(workspaceId: string, retentionId: string, more: ForgetCounts): Promise<ForgetCounts>
}
