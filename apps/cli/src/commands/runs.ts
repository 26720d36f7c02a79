import { createRunReports, type ReportedRun } from "@engram/store/consolidation/run-report"
import { createStoreReport } from "@engram/store/store-report"
import type { Command } from "commander"
import type { Context } from "../context.ts"
import { openCommandDatabase, withParts } from "../open.ts"
import { pickWorkspace, wholeNumber, workspaceName } from "../options.ts"
import { stateInWords, tookInWords, wroteInWords } from "../show-run.ts"
import { table } from "../table.ts"
import { ago, cut } from "../words.ts"

interface Options {
  readonly workspace?: string
  readonly limit: number
  readonly json?: true
}

export function addRuns(program: Command, context: Context): void {
  program
    .command("runs")
    .description("Runs of consolidation, the newest first: what each wrote, or why nothing.")
    .option("--workspace <name>", "only this workspace's", workspaceName)
    .option("--limit <n>", "how many", wholeNumber(1, 10_000), 20)
    .option("--json", "print {runs} as JSON, each with its whole report")
    .addHelpText("after", "\nExample:\n  engram runs --workspace acme")
    .action(({ limit, workspace, json }: Options) =>
      withParts(context, async (parts) => {
        const { terminal } = context
        const { database } = await openCommandDatabase(parts)
        const only =
          workspace === undefined
            ? {}
            : { workspaceId: await pickWorkspace(createStoreReport({ database }), workspace) }
        const runs = await createRunReports({ database }).list({ ...only, limit })
        if (json) return terminal.print(JSON.stringify({ runs }))
        if (runs.length === 0) return terminal.print("There was no run yet; `engram consolidate` begins one.")
        terminal.print(
          table(terminal, ["workspace", "kind", "begun", "state", "took", "wrote", "then"], runs.map(rowOf)),
        )
      }),
    )
}

const rowOf = (run: ReportedRun): string[] => [
  run.workspaceId,
  run.night === null ? run.kind : `${run.kind} ${run.night}`,
  ago(run.startedAt),
  stateInWords(run),
  tookInWords(run),
  cut(wroteInWords(run), 80),
  (run.steps ?? []).map(({ name, error }) => (error === undefined ? name : `${name} failed`)).join(", "),
]
