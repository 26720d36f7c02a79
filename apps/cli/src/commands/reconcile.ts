import type { Lane } from "@engram/contracts/ports"
import type { ArtifactsReconciled, Reconciled, VectorsReconciled } from "@engram/contracts/reconcile"
import { type ReconcileDeps, type ReconcileRequest, reconcile } from "@engram/pipeline/reconcile/reconcile"
import { openPlatform } from "@engram/platform/platform"
import { createArtifactBeliefs, createVectorBeliefs } from "@engram/store/reconcile-ledger"
import { createStoreReport } from "@engram/store/store-report"
import { type Command, InvalidArgumentError } from "commander"
import type { Context } from "../context.ts"
import { UsageError } from "../explain-error.ts"
import { withParts } from "../open.ts"
import { moment, type PlaceOptions, pickPlaces, storeName, workspaceName } from "../options.ts"
import { progressOn } from "../progress.ts"
import { table } from "../table.ts"
import { wakeLanes } from "../wake-lanes.ts"
import { count } from "../words.ts"

interface ReconcileOptions extends PlaceOptions {
  readonly verify?: true
  readonly repair?: true
  readonly deep?: true | number
  readonly removeOrphansBefore?: Date
  readonly json?: true
}

const examplesShown = 10

export function addReconcile(program: Command, context: Context): void {
  program
    .command("reconcile")
    .description(
      "Compare Postgres with the vectors and artifacts, by id and hash. Safe at any time, beside a fleet at work.",
    )
    .option("--verify", "say what differs, and change nothing (the default); fails when something does")
    .option("--repair", "and put it right: vectors by their lanes, artifacts where their bytes are still somewhere")
    .option("--workspace <name>", "of this workspace; of all unless it is said", workspaceName)
    .option("--store <name>", "of this store of it", storeName)
    .option("--deep [percent]", "read artifacts and hash them; a percentage is another share each day", percentage)
    .option(
      "--remove-orphans-before <time>",
      "with --repair: remove objects no delivery knows, written before: 7d",
      moment,
    )
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
  missing   Postgres believes it written, and it is not there      repaired: written again, without embedding anything
  stale     it is there as something else                          repaired: written again
  orphaned  it is there, and nothing wants it                      repaired: a vector is removed, an object when it is told to be
  damaged   an artifact's bytes are not those that came            repaired: like a missing one, from a row that has them

What was written in the last five minutes is not judged. Where Postgres was restored from a backup, orphaned objects are what
the backup does not know: look at them before you have them removed.

Examples:
  engram reconcile --verify
  engram reconcile --repair --workspace acme
  engram reconcile --repair --deep --remove-orphans-before 30d`,
    )
    .action((options: ReconcileOptions) => reconcileAll(context, options))
}

const reconcileAll = (context: Context, options: ReconcileOptions): Promise<void> =>
  withParts(context, async (parts) => {
    if (options.verify && options.repair) throw new UsageError("--verify changes nothing: give it or --repair")
    const repair = options.repair === true
    if (options.removeOrphansBefore && !repair) throw new UsageError("--remove-orphans-before goes with --repair")
    const platform = await openPlatform(parts.config, { ...parts, name: "reconcile" })
    const { database } = platform
    const deps: ReconcileDeps = {
      ...platform,
      beliefs: { ...createVectorBeliefs(database), ...createArtifactBeliefs(database) },
    }
    const places = await pickPlaces(createStoreReport({ database }), options)
    const reports: Reconciled[] = []
    for (const place of places) {
      reports.push(await reconcile(deps, { ...place, ...requestOf(context, options), now: new Date(), repair }))
    }
    await wakeLanes(async () => platform.queue, parts.log, repairedLanes(reports))
    show(context, options, reports)
  })

function requestOf({ terminal }: Context, { deep, removeOrphansBefore }: ReconcileOptions) {
  const progress = progressOn(terminal)
  const request: Pick<ReconcileRequest, "onVectors" | "onArtifacts" | "readShare" | "orphansBefore"> = {
    onVectors: ({ store, family, looked }) => progress(`${store}: ${count(looked, "vector")} of ${family}`),
    onArtifacts: ({ looked }) => progress(count(looked, "artifact")),
    ...(deep === undefined ? {} : { readShare: deep === true ? 1 : deep / 100 }),
    ...(removeOrphansBefore ? { orphansBefore: removeOrphansBefore } : {}),
  }
  return request
}

/** Where something was found to be owed. */
const repairedLanes = (reports: readonly Reconciled[]): Lane[] =>
  reports.flatMap(({ workspaceId, vectors }) => {
    const stores = new Set(vectors.filter((space) => space.repaired > 0).map((space) => space.storeId))
    return [...stores].map((storeId) => ({ stage: "embed" as const, workspaceId, storeId }))
  })

function show({ terminal }: Context, options: ReconcileOptions, reports: readonly Reconciled[]): void {
  const findings = total(reports, "findings")
  const left = findings - total(reports, "repaired")
  if (options.json) terminal.print(JSON.stringify({ clean: findings === 0, left, workspaces: reports }))
  else for (const report of reports) terminal.print(inWords(terminal, report))
  if (!options.repair && findings > 0) {
    throw new Error(
      `${count(findings, "difference")} between Postgres and what it believes; --repair puts right what can be`,
    )
  }
  if (left > 0)
    throw new Error(`${count(left, "difference")} could not be put right, or were not told to be (see above)`)
  if (findings > 0 && !options.json)
    terminal.note("Workers write and remove these vectors now; verify in five minutes.")
}

const total = (reports: readonly Reconciled[], which: "findings" | "repaired"): number =>
  reports.reduce((sum, report) => sum + report[which], 0)

function inWords(terminal: Context["terminal"], { workspaceId, vectors, artifacts, findings }: Reconciled): string {
  const spaces = vectors.filter(({ looked, orphaned }) => looked + orphaned > 0)
  const examples = [...spaces.flatMap(vectorExamples), ...artifactExamples(artifacts)]
  return [
    `${workspaceId}: ${findings === 0 ? "Postgres and its stores agree." : count(findings, "difference")}`,
    table(terminal, columns, [...spaces.map(vectorRow), artifactRow(artifacts)]),
    ...(examples.length > 0 ? ["", ...examples] : []),
  ].join("\n")
}

const columns = ["what", "looked at", "missing", "stale", "orphaned", "repaired", "not judged"]

const vectorRow = (space: VectorsReconciled): string[] => [
  `${space.store} ${space.family} (${space.model || "callers'"})`,
  ...[space.looked, space.missing, space.stale, space.orphaned, space.repaired].map(String),
  notJudged({ "too fresh": space.fresh, owed: space.owed, parked: space.parked }),
]

const artifactRow = (artifacts: ArtifactsReconciled): string[] => [
  artifacts.read > 0 ? `artifacts (${artifacts.read} read)` : "artifacts",
  ...[artifacts.looked, artifacts.missing, artifacts.damaged, artifacts.orphaned].map(String),
  String(artifacts.restored + artifacts.removed),
  notJudged({ "too fresh": artifacts.fresh }),
]

const notJudged = (counts: Record<string, number>): string =>
  Object.entries(counts)
    .filter(([, n]) => n > 0)
    .map(([why, n]) => `${n} ${why}`)
    .join(", ")

const vectorExamples = ({ store, family, examples }: VectorsReconciled): string[] =>
  examples.slice(0, examplesShown).map(({ what, id }) => `${what}: vector ${id} (${store} ${family})`)

const artifactExamples = ({ lost, orphans }: ArtifactsReconciled): string[] => [
  ...lost.slice(0, examplesShown).map(({ what, key, deliveries, documents }) => {
    const whose = documents.length > 0 ? `; documents ${documents.join(", ")}` : ""
    return `${what}: ${key}, of deliveries ${deliveries.join(", ")}${whose}`
  }),
  ...orphans.slice(0, examplesShown).map((key) => `orphaned: ${key}`),
]

function percentage(text: string): number {
  const percent = Number(text)
  if (percent > 0 && percent <= 100) return percent
  throw new InvalidArgumentError("Expected a percentage, more than 0 and up to 100.")
}
