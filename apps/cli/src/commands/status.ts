import type { DeliveryState } from "@engram/contracts/deliveries"
import { reasonOf } from "@engram/contracts/errors"
import type { EvaluationRun } from "@engram/contracts/evaluation"
import type { LaneQueue } from "@engram/contracts/ports"
import type { SweepTotals } from "@engram/contracts/vectors"
import { openQueue } from "@engram/platform/open-queue"
import { createRunReports, type ReportedRun } from "@engram/store/consolidation/run-report"
import type { Database } from "@engram/store/database"
import { createDeliveryAdmin } from "@engram/store/delivery-admin"
import { createEvaluationLedger } from "@engram/store/evaluation/evaluation-ledger"
import { createFetchReport, type FetchReport, type UnansweredFetch } from "@engram/store/fetch-report"
import { createStoreReport, type ListedStore, type StoreContents } from "@engram/store/store-report"
import { createSweepLedger } from "@engram/store/sweep-ledger"
import type { Command } from "commander"
import type { Context } from "../context.ts"
import { openCommandDatabase, type Parts, withParts } from "../open.ts"
import { dropInWords, evaluationInWords } from "../show-evaluation.ts"
import { stateInWords, tookInWords, wroteInWords } from "../show-run.ts"
import { table } from "../table.ts"
import { ago, cut, duration, sum, tally } from "../words.ts"

type Counts = Awaited<ReturnType<LaneQueue["counts"]>>

interface Status extends Omit<SweepTotals, "deliveries"> {
  readonly deliveries: { readonly [state in DeliveryState]: number }
  /** Or why the queue does not say. */
  readonly queue: Counts | { readonly error: string }
  /** What senders were asked for because their events carry ids only. */
  readonly fetches: Awaited<ReturnType<FetchReport["counts"]>>
  readonly unansweredFetches: readonly UnansweredFetch[]
  /** The last run of consolidation of each workspace. */
  readonly lastRuns: readonly ReportedRun[]
  readonly stores: readonly (ListedStore & StoreContents & Evaluated)[]
}

interface Evaluated {
  /** The last evaluation, if there was one. */
  readonly evaluation: EvaluationRun | null
  /** The newest in which something fell further than it may, if that was within a week. */
  readonly dropped: Pick<EvaluationRun, "startedAt" | "drops"> | null
}

const unansweredShown = 10
/** A drop is shown for a week: the median that it is compared with gets used to it within hours. */
const dropShownMs = 7 * 86_400_000
const runsLookedAt = 200

export function addStatus(program: Command, context: Context): void {
  program
    .command("status")
    .description("What came in, what is owed, what is parked, and what each store holds.")
    .option("--json", "print one JSON object")
    .addHelpText("after", "\nExample:\n  engram status --json")
    .action((options: { json?: true }) =>
      withParts(context, async (parts) => {
        const status = await statusOf(parts)
        context.terminal.print(options.json ? JSON.stringify(status) : inWords(context, status))
      }),
    )
}

async function statusOf(parts: Parts): Promise<Status> {
  const { database, databaseUrl } = await openCommandDatabase(parts)
  const report = createStoreReport({ database })
  const totals = await createSweepLedger(database).totals()
  const done = await createDeliveryAdmin({ database }).counts({ states: ["processed", "skipped"] })
  const deliveries = { ...done, ...totals.deliveries }
  const stores = await Promise.all(
    (await report.stores()).map(async (store) => ({
      ...store,
      ...(await report.contents(store)),
      ...(await evaluated(database, store)),
    })),
  )
  const queue = await openQueue({ ...parts, databaseUrl })
    .then((opened) => opened.counts())
    .catch((error) => ({ error: reasonOf(error) }))
  const asked = createFetchReport({ database })
  const [fetches, unansweredFetches] = await Promise.all([asked.counts(), asked.unanswered(unansweredShown)])
  const lastRuns = await createRunReports({ database }).last()
  return { ...totals, deliveries, queue, fetches, unansweredFetches, stores, lastRuns }
}

async function evaluated(database: Database, store: ListedStore): Promise<Evaluated> {
  const runs = await createEvaluationLedger(database).runs(store, runsLookedAt)
  const lately = runs.filter(({ startedAt }) => Date.now() - startedAt.getTime() < dropShownMs)
  const dropped = lately.find(({ drops }) => drops.length > 0)
  return {
    evaluation: runs[0] ?? null,
    dropped: dropped ? { startedAt: dropped.startedAt, drops: dropped.drops } : null,
  }
}

function inWords({ terminal }: Context, status: Status): string {
  const line = (name: string, value: string): string => `${terminal.style("dim", name.padEnd(12))}${value}`
  const { received, parked } = status.deliveries
  const some = Object.fromEntries(Object.entries(status.deliveries).filter(([, n]) => n > 0))
  const waiting = received === 0 ? "nothing waits" : `the oldest waits since ${duration(status.oldestWaitingMs)}`
  const texts = status.parkedVectors === 0 ? "" : `, ${status.parkedVectors} parked`
  return [
    line("deliveries", `${tally(some)} (${waiting})`),
    line("vectors", `${sum(status.owed)} owed${texts}`),
    ...fetchLines(status.fetches, line),
    ...("error" in status.queue
      ? [line("queue", terminal.style("red", status.queue.error))]
      : ["", table(terminal, ["queue", "waiting", "active", "delayed", "failed"], queueRows(status.queue))]),
    ...(status.stores.length === 0
      ? ["", "There is no store yet; `engram connect` makes one."]
      : ["", table(terminal, storeColumns, status.stores.map(storeRow))]),
    ...(status.lastRuns.length === 0
      ? []
      : ["", table(terminal, ["night", "last run", "state", "took", "wrote"], status.lastRuns.map(runRow))]),
    ...status.stores.flatMap((store) => evaluationLines(terminal, store)),
    ...(status.unansweredFetches.length === 0
      ? []
      : ["", table(terminal, ["not shown", "answer", "reason"], status.unansweredFetches.map(fetchRow))]),
    ...(parked === 0 ? [] : ["", "`engram deliveries list --parked` shows why, `engram replay --parked` tries again."]),
  ].join("\n")
}

/** Nothing where a store was never evaluated. */
function evaluationLines(terminal: Context["terminal"], store: Status["stores"][number]): string[] {
  const { evaluation, dropped } = store
  if (evaluation === null) return []
  const name = `${store.workspaceId}/${store.name}`
  const fell = dropped?.drops.map(dropInWords).join(", ")
  return [
    "",
    `${name} answers: ${evaluationInWords(evaluation)}`,
    ...(dropped
      ? [terminal.style("red", `${name}: ${fell} (${ago(dropped.startedAt)}); \`engram eval history\` shows more`)]
      : []),
  ]
}

const queueRows = (queue: Counts): string[][] =>
  Object.entries(queue).map(([stage, { waiting, active, delayed, failed }]) => [
    stage,
    ...[waiting, active, delayed, failed].map(String),
  ])

/** Nothing where no sender has to be asked. */
function fetchLines(counts: Status["fetches"], line: (name: string, value: string) => string): string[] {
  const { owed, found = 0, missing = 0, gave_up: gaveUp = 0 } = counts
  if (owed + found + missing + gaveUp === 0) return []
  const words = [`${owed} owed`, `${found} found`, missing && `${missing} not shown`, gaveUp && `${gaveUp} given up`]
  return [line("fetches", words.filter(Boolean).join(", "))]
}

const fetchRow = (fetch: UnansweredFetch): string[] => [
  `${fetch.source} ${fetch.kind} ${fetch.id}`,
  fetch.answer === "later" ? `again ${until(fetch.dueAt)}` : fetch.answer.replace("_", " "),
  cut(fetch.reason, 90),
]

const until = (dueAt: Date | null): string => {
  const ms = (dueAt?.getTime() ?? 0) - Date.now()
  return ms > 0 ? `in ${duration(ms)}` : "now"
}

const runRow = (run: ReportedRun): string[] => [
  run.workspaceId,
  `${run.kind}, ${ago(run.startedAt)}`,
  stateInWords(run),
  tookInWords(run),
  cut(wroteInWords(run), 80),
]

const storeColumns = ["store", "documents", "chunks", "observations", "edges", "vectors", "owed"]

const storeRow = (store: Status["stores"][number]): string[] => [
  `${store.workspaceId}/${store.name}`,
  ...[
    sum(store.documents),
    store.chunks,
    sum(store.observations),
    sum(store.edges),
    store.vectors.indexed,
    store.vectors.owed,
  ].map(String),
]
