import type { RunReport, SummaryWriter } from "@engram/contracts/consolidation"
import type { ConsolidationLedger } from "@engram/contracts/consolidation-ledger"
import { RetryLater } from "@engram/contracts/errors"
import type { RunId } from "@engram/contracts/ids"
import type { EmbedderOf, LaneQueue, Log } from "@engram/contracts/ports"

export interface ConsolidateDeps {
  readonly ledger: ConsolidationLedger
  readonly writer: SummaryWriter
  readonly embedderOf: EmbedderOf
  readonly queue: Pick<LaneQueue, "wake">
  readonly log: Log
  /** How long a process that dies keeps its workspace from the others. */
  readonly leaseMs: number
  /** A run that takes longer is given up: it failed, and what it had written stands. */
  readonly timeoutMs: number
}

/** One run while it goes. */
export interface Run extends ConsolidateDeps {
  readonly workspaceId: string
  readonly id: RunId
  /** ms */
  readonly now: number
  /** The day its windows are cut by. */
  readonly day: string
  readonly report: { -readonly [Count in keyof RunReport]: RunReport[Count] }
  /** What a later run is to look at again. */
  readonly again: { readonly storeId: string; readonly aliasId: string; readonly day: string }[]
  /** False once its lease was lost, or it was given up. */
  isOurs: boolean
  /** What it is at, in words. */
  doing: string
}

export const emptyReport = (): Run["report"] => ({
  observationsRead: 0,
  textsRead: 0,
  clustersDue: 0,
  summariesWritten: 0,
  summariesUnchanged: 0,
  summariesWithdrawn: 0,
  clustersTooSmall: 0,
  profilesDue: 0,
  profilesRebuilt: 0,
  profilesUnchanged: 0,
  profilesWithdrawn: 0,
  writerCalls: 0,
  writerFallbacks: 0,
  modelCalls: 0,
  inputTokens: 0,
  outputTokens: 0,
  embeddingCalls: 0,
  embeddedTexts: 0,
})

/** To be called between pieces of work, so that a run that was taken for dead stops before it writes. */
export function assertOurs(run: Run): void {
  if (!run.isOurs)
    throw new RetryLater("the run was given up, or its lease was over and another took the workspace", {
      afterMs: 60_000,
    })
}

/** In words, when a run wrote nothing; null when it did. */
export function whyNothing(report: RunReport): string | null {
  const { summariesWritten, summariesWithdrawn, profilesRebuilt, profilesWithdrawn } = report
  if (summariesWritten + summariesWithdrawn + profilesRebuilt + profilesWithdrawn > 0) return null
  if (report.clustersDue + report.profilesDue === 0) return "Nothing has changed since the last run."
  const parts = [
    said(report.clustersTooSmall, "cluster has", "clusters have", "too little to say"),
    said(report.summariesUnchanged, "summary is", "summaries are", "up to date"),
    said(report.profilesUnchanged, "profile has", "profiles have", "hardly moved"),
  ].filter((part) => part !== "")
  return parts.length === 0 ? "What changed is about nobody and too little." : `${parts.join(", ")}.`
}

const said = (count: number, one: string, many: string, what: string): string =>
  count === 0 ? "" : `${count} ${count === 1 ? one : many} ${what}`
