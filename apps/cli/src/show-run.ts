import type { ConsolidationRun, RunReport } from "@engram/contracts/consolidation"
import type { ReportedRun } from "@engram/store/consolidation/run-report"
import type { Terminal } from "./terminal.ts"
import { count, duration } from "./words.ts"

/** What was written, in as few words as it takes; or why nothing was. */
export function wroteInWords({ report, reason, state }: Pick<ConsolidationRun, "report" | "reason" | "state">): string {
  if (report === null || state === "failed" || state === "abandoned") return reason ?? ""
  const parts = [
    report.summariesWritten > 0 && count(report.summariesWritten, "summary", "summaries"),
    report.profilesRebuilt > 0 && count(report.profilesRebuilt, "profile"),
    report.summariesWithdrawn + report.profilesWithdrawn > 0 &&
      `${report.summariesWithdrawn + report.profilesWithdrawn} withdrawn`,
  ].filter(Boolean)
  return parts.length > 0 ? parts.join(", ") : `nothing: ${reason ?? "nothing was due"}`
}

export const tookInWords = ({ startedAt, finishedAt }: Pick<ConsolidationRun, "startedAt" | "finishedAt">): string =>
  finishedAt === null ? "" : duration(finishedAt.getTime() - startedAt.getTime())

/** `running` of a run whose process is no longer heard of is not the whole truth. */
export const stateInWords = ({ state, lapsed }: Pick<ReportedRun, "state" | "lapsed">): string =>
  lapsed ? "running, not heard of" : state

/** A run's whole report, one line for each thing that can be asked of it. */
export function reportInWords(terminal: Terminal, report: RunReport): string[] {
  const line = (name: string, value: string): string => `  ${terminal.style("dim", name.padEnd(10))}${value}`
  const calls = `${count(report.writerCalls, "call")} to the writer, ${count(report.embeddingCalls, "call")} to embed ${count(report.embeddedTexts, "text")}`
  const spent =
    report.modelCalls > 0
      ? `${calls}; ${count(report.modelCalls, "answer")} of a model, ${count(report.inputTokens, "token")} in and ${report.outputTokens} out`
      : calls
  return [
    line("read", `${count(report.observationsRead, "observation")}, ${report.textsRead} with their texts`),
    line(
      "summaries",
      `${report.clustersDue} due: ${report.summariesWritten} written, ${report.summariesUnchanged} unchanged, ` +
        `${report.summariesWithdrawn} withdrawn, ${report.clustersTooSmall} too small`,
    ),
    line(
      "profiles",
      `${report.profilesDue} due: ${report.profilesRebuilt} rebuilt, ${report.profilesUnchanged} unchanged, ` +
        `${report.profilesWithdrawn} withdrawn`,
    ),
    line(
      "cost",
      report.writerFallbacks > 0 ? `${spent}; ${report.writerFallbacks} written by the other writer instead` : spent,
    ),
  ]
}
