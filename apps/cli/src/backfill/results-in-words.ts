import { table } from "../table.ts"
import type { Terminal } from "../terminal.ts"
import { count, duration } from "../words.ts"
import type { Applied } from "./apply.ts"
import type { Plan } from "./plan.ts"
import type { Verified } from "./verify.ts"

const failuresShown = 20

export function planInWords(terminal: Terminal, plan: Plan): string {
  const lines = plan.mapping.map(({ workspaceId, workspace, scope, rows, place }) => [
    workspaceId ?? "-",
    workspace || "-",
    scope ?? "-",
    rows.toLocaleString("en"),
    place.outcome === "copy" ? place.namespace : `${place.outcome}: ${place.reason}`,
  ])
  const total = `${count(plan.rows, "row")}: ${plan.copy} to copy into ${count(plan.namespaces, "namespace")}, ${plan.skip} to skip, ${plan.error} in error. Nothing was written.`
  if (lines.length === 0) return total
  return `${table(terminal, ["workspace", "name", "scope", "rows", "goes to"], lines)}\n\n${total}`
}

export function appliedInWords(
  applied: Applied,
  { seconds, rowsPerSecond, retries }: { seconds: number; rowsPerSecond: number; retries: number },
): string {
  const again = retries > 0 ? `, ${count(retries, "request")} sent again` : ""
  return [
    `${count(applied.rows, "row")} in ${duration(seconds * 1_000)}, ${rowsPerSecond} rows/s${again}: ${applied.written} copied`,
    ...[...applied.skipped].map(([reason, rows]) => `  ${rows} skipped: ${reason}`),
    ...applied.failures.slice(0, failuresShown).map(({ id, reason }) => `  failed  ${id}  ${reason}`),
    ...(applied.failedRows > failuresShown
      ? [`  … ${applied.failedRows} failed in all; --json lists the first 1,000`]
      : []),
  ].join("\n")
}

export function verifiedInWords({
  workspaces,
  namespaces,
  rows,
  mismatches,
  unproven,
  searchedNamespaces,
}: Verified): string {
  const looked = `${count(workspaces, "workspace")}, ${count(namespaces, "namespace")}, ${count(rows, "row")} compared`
  const lines = [`${looked}: ${count(mismatches, "mismatch", "mismatches")}.`]
  if (searchedNamespaces > 0) {
    const they = `${count(searchedNamespaces, "namespace")} with 100 memories or more`
    lines.push(
      `In ${they} each row was asked for by its text; a memory too many shows there only if a search returned it.`,
    )
  }
  if (unproven > 0) {
    lines.push(
      `${count(unproven, "row")} not proven: each may be there or not, since whatever is asked for it is answered with a hundred others.`,
    )
  }
  return lines.join("\n")
}
