import { createLifecycle, type Lifecycle } from "@engram/lifecycle/lifecycle"
import { createPool } from "@engram/store/database"
import { createLegacyMemories, type LegacyMemories } from "@engram/store/legacy-memories"
import { type Command, InvalidArgumentError } from "commander"
import { applyBackfill } from "../backfill/apply.ts"
import { createCheckpoint } from "../backfill/checkpoint.ts"
import type { Finding } from "../backfill/finding.ts"
import { createMemoryPlugin, type MemoryPlugin } from "../backfill/memory-plugin.ts"
import { createNamespaceTree, type NamespaceTree } from "../backfill/namespace-tree.ts"
import { planBackfill } from "../backfill/plan.ts"
import { createProgress } from "../backfill/progress.ts"
import { appliedInWords, planInWords, verifiedInWords } from "../backfill/results-in-words.ts"
import { sampleOf } from "../backfill/sample.ts"
import { verifyBackfill } from "../backfill/verify.ts"
import type { Context } from "../context.ts"
import { Interrupted, UsageError } from "../explain-error.ts"
import { wholeNumber } from "../options.ts"
import { count } from "../words.ts"

interface BackfillOptions {
  readonly dryRun?: true
  readonly apply?: true
  readonly verify?: true
  readonly limit?: number
  readonly fromStart?: true
  readonly verifySample?: number
  readonly acceptUnproven?: true
  readonly workspace?: string
  readonly concurrency: number
  readonly json?: true
}

const sampleDefault = 50

export function addBackfill(program: Command, context: Context): void {
  program
    .command("backfill")
    .description("Move the built-in plugin's memories into a memory plugin, by its HTTP contract. Exactly one mode.")
    .option("--dry-run", "how many rows there are and where they would go; writes nothing")
    .option("--apply", "copy; goes on where an interrupted run stopped; safe to repeat; one at a time")
    .option("--verify", "compare a random sample of workspaces; exit code 1 when anything differs or is not proven")
    .option("--workspace <uuid>", "only this workspace", uuid)
    .option("--limit <n>", "with --apply: only the oldest n rows, as a trial", wholeNumber(1, 1_000_000_000))
    .option("--from-start", "with --apply: do not go on where an interrupted run stopped")
    .option(
      "--verify-sample <n>",
      `with --verify: how many workspaces (default: ${sampleDefault})`,
      wholeNumber(1, 1_000_000),
    )
    .option("--accept-unproven", "with --verify: exit code 0 also when rows are not proven, as long as nothing differs")
    .option("--concurrency <n>", "requests at a time, 1 to 256", wholeNumber(1, 256), 256)
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
DATABASE_URL is the legacy database (tables agent_memories and workspaces, only ever read);
MEMORY_PLUGIN_URL is the plugin: http://127.0.0.1:9100, or unix:/path/to/socket.

Examples:
  DATABASE_URL=postgres://… engram backfill --dry-run
  DATABASE_URL=postgres://… MEMORY_PLUGIN_URL=http://127.0.0.1:9100 engram backfill --apply
  DATABASE_URL=postgres://… MEMORY_PLUGIN_URL=http://127.0.0.1:9100 engram backfill --verify --verify-sample 200`,
    )
    .action((options: BackfillOptions) => backfill(context, options))
}

async function backfill(context: Context, options: BackfillOptions): Promise<void> {
  checkUsage(options)
  const databaseUrl = settingOf(context, "DATABASE_URL", "the legacy database")
  const pluginUrl = options.dryRun ? undefined : settingOf(context, "MEMORY_PLUGIN_URL", "the plugin to copy to")
  const lifecycle = createLifecycle()
  try {
    const legacy = openLegacy(lifecycle, context, databaseUrl)
    const tree = createNamespaceTree(await legacy.workspaces())
    if (options.workspace !== undefined && !tree.workspaces.has(options.workspace)) {
      throw new Error(`there is no workspace ${options.workspace} in the legacy table workspaces`)
    }
    if (pluginUrl === undefined) return await dryRun(context, options, legacy, tree)

    const plugin = openPlugin(lifecycle, context, pluginUrl, options.concurrency)
    const run = { context, options, legacy, tree, plugin, databaseUrl, pluginUrl }
    const { status, capabilities } = await plugin.health()
    context.terminal.note(`plugin at ${pluginUrl}: ${status}, ${capabilities.join(", ") || "no capabilities"}`)
    await (options.apply ? applyAlone(run) : verify(run))
  } catch (error) {
    throw context.stop.aborted ? new Interrupted(`interrupted; ${whatNext(options)}`) : error
  } finally {
    await lifecycle.close()
  }
}

/** Only a copy without a limit leaves a place to go on from. */
function whatNext({ apply, limit, fromStart }: BackfillOptions): string {
  if (!apply || limit !== undefined) return "the same command begins anew"
  return `the same command${fromStart ? " without --from-start" : ""} goes on from here`
}

interface Run {
  readonly context: Context
  readonly options: BackfillOptions
  readonly legacy: LegacyMemories
  readonly tree: NamespaceTree
  readonly plugin: MemoryPlugin
  readonly databaseUrl: string
  readonly pluginUrl: string
}

async function dryRun(
  { terminal }: Context,
  options: BackfillOptions,
  legacy: LegacyMemories,
  tree: NamespaceTree,
): Promise<void> {
  const selection = selectionOf(options)
  const plan = planBackfill(tree, await legacy.tally(selection), await legacy.unidentified(selection))
  terminal.print(options.json ? JSON.stringify({ mode: "dry-run", ...plan }) : planInWords(terminal, plan))
}

/** Two would share a place to go on from, and what one has yet to do the other would call done. */
async function applyAlone(run: Run): Promise<void> {
  const name = JSON.stringify(["backfill --apply", run.pluginUrl, run.options.workspace])
  const done = await run.legacy.alone(name, async () => {
    await apply(run)
    return true
  })
  if (done) return
  throw new Error("another --apply of this legacy database into this plugin is running, so this one did nothing")
}

async function apply({ context, options, legacy, tree, plugin, databaseUrl, pluginUrl }: Run): Promise<void> {
  const { terminal, environment, stop } = context
  // A trial by --limit copies the same rows each time, so it neither reads nor leaves a place to go on from.
  const checkpoint =
    options.limit === undefined
      ? createCheckpoint(environment.ENGRAM_DATA_DIR?.trim() || ".engram", [databaseUrl, pluginUrl, options.workspace])
      : undefined
  const after = options.fromStart ? undefined : await checkpoint?.read()
  if (after) terminal.note(`going on after row ${after.id}, where a run stopped; --from-start begins anew`)

  const selection = { ...selectionOf(options), ...(after && { after }) }
  const rowsMax = options.limit ?? Number.POSITIVE_INFINITY
  const progress = createProgress(terminal, Math.min(await legacy.count(selection), rowsMax))
  const startedAt = performance.now()
  const applied = await applyBackfill({
    ...{ legacy, plugin, tree, selection, failed: after, rowsMax, lanes: options.concurrency, signal: stop },
    async onBatch(position, applied) {
      progress.show(applied.rows, plugin.retries())
      await checkpoint?.save(position, applied)
    },
  })
  await checkpoint?.clear()

  const seconds = (performance.now() - startedAt) / 1_000
  const figures = { seconds, rowsPerSecond: Math.round(applied.rows / seconds), retries: plugin.retries() }
  const result = { mode: "apply", ...applied, skipped: Object.fromEntries(applied.skipped), ...figures }
  terminal.print(options.json ? JSON.stringify(result) : appliedInWords(applied, figures))
  if (applied.failedRows > 0) throw new Error(`${count(applied.failedRows, "row")} could not be copied`)
}

async function verify({ context, options, legacy, tree, plugin }: Run): Promise<void> {
  const { terminal, stop } = context
  const workspaceIds = options.workspace
    ? [options.workspace]
    : sampleOf(
        [...tree.workspaces.values()].filter(({ removed }) => !removed).map(({ id }) => id),
        options.verifySample ?? sampleDefault,
      )
  const findings: Finding[] = []
  const verified = await verifyBackfill({
    ...{ legacy, plugin, tree, workspaceIds, lanes: options.concurrency, signal: stop },
    wholeTable: options.workspace === undefined,
    onFinding(finding) {
      if (options.json) findings.push(finding)
      else terminal.print([finding.kind, finding.id, finding.namespace ?? "-", finding.detail].join("  "))
    },
    onWorkspace({ workspaces, rows }) {
      terminal.update(`${workspaces} of ${count(workspaceIds.length, "workspace")}, ${count(rows, "row")} compared`)
    },
  })
  const { mismatches: mismatchCount, ...figures } = verified
  const mismatches = findings.filter(({ kind }) => kind !== "not proven")
  const notProven = findings.filter(({ kind }) => kind === "not proven")
  const result = { mode: "verify", ...figures, mismatchCount, mismatches, notProven }
  terminal.print(options.json ? JSON.stringify(result) : verifiedInWords(verified))
  if (mismatchCount > 0) {
    throw new Error(`${count(mismatchCount, "mismatch", "mismatches")}: do not cut over; see the runbook`)
  }
  if (verified.unproven > 0 && !options.acceptUnproven) {
    throw new Error(
      `nothing differs, but ${count(verified.unproven, "row")} could not be proven to be there: --apply once more, and if it copies all, --accept-unproven lets them pass`,
    )
  }
}

function checkUsage(options: BackfillOptions): void {
  const { dryRun, apply, verify, limit, fromStart, verifySample, acceptUnproven } = options
  if ([dryRun, apply, verify].filter(Boolean).length !== 1) {
    throw new UsageError("say exactly one of --dry-run, --apply and --verify")
  }
  if (limit !== undefined && !apply) throw new UsageError("--limit goes with --apply")
  if (fromStart && !apply) throw new UsageError("--from-start goes with --apply")
  if (fromStart && limit !== undefined) throw new UsageError("--limit always begins at the start, without --from-start")
  if (verifySample !== undefined && !verify) throw new UsageError("--verify-sample goes with --verify")
  if (acceptUnproven && !verify) throw new UsageError("--accept-unproven goes with --verify")
}

function settingOf({ environment }: Context, name: "DATABASE_URL" | "MEMORY_PLUGIN_URL", what: string): string {
  const value = environment[name]?.trim()
  if (!value) throw new UsageError(`set ${name}: ${what}`)
  const protocols = name === "DATABASE_URL" ? ["postgres:", "postgresql:"] : ["http:", "https:", "unix:"]
  if (URL.canParse(value) && protocols.includes(new URL(value).protocol)) return value
  throw new UsageError(`${name} is not a URL that begins with ${protocols.join(" or ")}`)
}

/** A count over a large table may take minutes. */
const statementTimeoutMs = 600_000

function openLegacy(lifecycle: Lifecycle, { stop }: Context, url: string): LegacyMemories {
  // One has the lock, one reads, and one says that the reading shall stop.
  const settings = { connectionsMax: 3, applicationName: "engram-backfill", statementTimeoutMs }
  const pool = lifecycle.own(createPool(url, settings), (pool) => pool.end(), "the legacy database")
  return createLegacyMemories(pool, { signal: stop })
}

function openPlugin(lifecycle: Lifecycle, { stop }: Context, url: string, connectionsMax: number): MemoryPlugin {
  const plugin = createMemoryPlugin({ url, connectionsMax, signal: stop })
  return lifecycle.own(plugin, async () => plugin.close(), "the plugin's connections")
}

const selectionOf = ({ workspace }: BackfillOptions) => (workspace === undefined ? {} : { workspaceIds: [workspace] })

function uuid(text: string): string {
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text.toLowerCase()
  throw new InvalidArgumentError("Expected a UUID.")
}
