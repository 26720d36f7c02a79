import type { Consolidate, ConsolidationRun, RunStart } from "@engram/contracts/consolidation"
import type { StepRecord } from "@engram/contracts/nights"
import type { RetentionLedger } from "@engram/contracts/retention"
import { type RunDeps, runAndFollow } from "@engram/nightly/follow"
import { openNight } from "@engram/nightly/open-night"
import { openPlatform } from "@engram/platform/platform"
import { createNightLedger, type NightLedger } from "@engram/store/consolidation/night-ledger"
import { createRetentionLedger } from "@engram/store/forget/retention"
import { createWorkspaceAdmin } from "@engram/store/workspace-settings"
import { type Command, InvalidArgumentError } from "commander"
import type { Context } from "../context.ts"
import { type Parts, withParts } from "../open.ts"
import { isDay, pickWorkspaces, workspaceName } from "../options.ts"
import { dueInWords, isAnyDue } from "../show-retention.ts"
import { reportInWords, tookInWords, wroteInWords } from "../show-run.ts"
import { table } from "../table.ts"
import { duration } from "../words.ts"

interface Options {
  readonly workspace?: string
  readonly since?: string
  readonly dryRun?: true
  readonly json?: true
}

/** What became of one workspace. `busy`: another run of it is under way. */
type Outcome =
  | { readonly workspaceId: string; readonly busy: true }
  | { readonly workspaceId: string; readonly run: ConsolidationRun; readonly steps: readonly StepRecord[] }

export function addConsolidate(program: Command, context: Context): void {
  program
    .command("consolidate")
    .description("Do now what a night does: summaries and profiles of what has changed; then retention.")
    .option("--workspace <name>", "only this one; all otherwise", workspaceName)
    .option("--since <date>", "days since then are built again, changed or not: 2026-03-01", day)
    .option("--dry-run", "count what is due, and what retention would remove; change nothing")
    .option("--json", "print {runs} as JSON, or {plans}")
    .addHelpText(
      "after",
      `
Runs beside ingestion and nights, and may be repeated: what is up to date is left alone. A workspace has one run at a time.

As every night, a run applies retention: what is older than \`engram workspace set … --retention-days\` allows is removed for good.
See how much that is with --dry-run first.

Examples:
  engram consolidate --workspace acme --dry-run
  engram consolidate --since 2026-03-01`,
    )
    .action((options: Options) => withParts(context, (parts) => consolidate(context, parts, options)))
}

function day(text: string): string {
  if (/^\d{4}-\d\d-\d\d$/.test(text) && isDay(text)) return text
  throw new InvalidArgumentError("Expected a day like 2026-03-01.")
}

async function consolidate(context: Context, parts: Parts, options: Options): Promise<void> {
  const { terminal, stop } = context
  const { config, log, lifecycle } = parts
  const platform = await openPlatform(config, { name: "consolidate", log, lifecycle })
  const all = (await createWorkspaceAdmin(platform).list()).map(({ id }) => id)
  const workspaces = pickWorkspaces(all, options.workspace)
  const opened = openNight({
    ...platform,
    log,
    leaseMs: config.workerLeaseMs,
    stepTimeoutMs: config.nightStepTimeoutMs,
  })
  const start = (): RunStart => {
    const begin = { kind: "manual", night: null, now: Date.now() } as const
    return options.since === undefined ? begin : { ...begin, since: options.since }
  }
  if (options.dryRun) {
    const retention = createRetentionLedger(platform.database)
    return showPlans(context, { ...opened, retention }, workspaces, start, options)
  }

  const ledger = createNightLedger(platform)
  const meters = { ran: () => {}, stepped: () => {}, looked: () => {} }
  const deps: RunDeps = { ...opened, ledger, log, meters, stop }
  const outcomes: Outcome[] = []
  for (const [at, workspaceId] of workspaces.entries()) {
    const progress = showProgress(context, `${workspaceId} (${at + 1} of ${workspaces.length})`)
    try {
      outcomes.push(await runOne(deps, ledger, workspaceId, start()))
    } finally {
      progress.close()
    }
    if (!options.json) terminal.print(inWords(context, outcomes.at(-1)!))
  }
  if (options.json) terminal.print(JSON.stringify({ runs: outcomes }))
  const failed = outcomes.filter((outcome) => !("run" in outcome) || outcome.run.state !== "done")
  if (failed.length > 0) throw new Error(`not done: ${failed.map(({ workspaceId }) => workspaceId).join(", ")}`)
}

/** Alone with the workspace; interrupted, the run is handed back, so that nobody waits for its lease. */
async function runOne(deps: RunDeps, ledger: NightLedger, workspaceId: string, start: RunStart): Promise<Outcome> {
  const done = await ledger.alone(workspaceId, async () => {
    const giveUp = (): void => void ledger.handBack(workspaceId).catch(() => {})
    deps.stop.addEventListener("abort", giveUp, { once: true })
    try {
      return await runAndFollow(deps, workspaceId, start)
    } finally {
      deps.stop.removeEventListener("abort", giveUp)
    }
  })
  return done ? { workspaceId, ...done } : { workspaceId, busy: true }
}

async function showPlans(
  { terminal }: Context,
  { consolidate, retention }: { readonly consolidate: Consolidate; readonly retention: RetentionLedger },
  workspaces: readonly string[],
  start: () => RunStart,
  { json }: Options,
): Promise<void> {
  const plans = []
  for (const workspaceId of workspaces) {
    const plan = await consolidate.plan(workspaceId, start())
    plans.push({ workspaceId, ...plan, retention: await retention.due(workspaceId, Date.now()) })
  }
  if (json) return terminal.print(JSON.stringify({ plans }))
  const rows = plans.map((plan) => [
    plan.workspaceId,
    String(plan.clustersDue),
    String(plan.profilesDue),
    dueInWords(plan.retention),
  ])
  terminal.print(table(terminal, ["workspace", "clusters due", "profiles due", "retention would remove"], rows))
  const goes = plans.some((plan) => isAnyDue(plan.retention))
  terminal.print(`Nothing was changed.${goes ? " A run without --dry-run removes for good what retention would." : ""}`)
}

/** A line that says what is under way and since when, where somebody can see it. */
function showProgress({ terminal }: Context, what: string): { close(): void } {
  const startedAt = Date.now()
  const show = (): void => terminal.update(`consolidating ${what}, ${duration(Date.now() - startedAt)} …`)
  show()
  const timer = setInterval(show, 1_000)
  return { close: () => clearInterval(timer) }
}

function inWords({ terminal }: Context, outcome: Outcome): string {
  const name = terminal.style("bold", outcome.workspaceId)
  if (!("run" in outcome)) return `${name}: another run is under way; nothing was begun`
  const { run, steps } = outcome
  return [
    `${name}: ${run.state} in ${tookInWords(run)}, wrote ${wroteInWords(run)}`,
    ...(run.report === null ? [] : reportInWords(terminal, run.report)),
    ...steps.map(({ name: step, ms, result, error }) =>
      error === undefined
        ? `  ${terminal.style("dim", step.padEnd(10))}${JSON.stringify(result)} in ${duration(ms)}`
        : `  ${terminal.style("dim", step.padEnd(10))}failed: ${error}`,
    ),
  ].join("\n")
}
