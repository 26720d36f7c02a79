import { reasonOf } from "@engram/contracts/errors"
import type { LaneQueue } from "@engram/contracts/ports"
import type { SweepTotals } from "@engram/contracts/vectors"
import { openQueue } from "@engram/platform/open-queue"
import { createRunReports, type ReportedRun } from "@engram/store/consolidation/run-report"
import { createFetchReport, type FetchReport, type UnansweredFetch } from "@engram/store/fetch-report"
import { createStoreReport, type ListedStore, type StoreContents } from "@engram/store/store-report"
import { createSweepLedger } from "@engram/store/sweep-ledger"
import type { Command } from "commander"
import type { Context } from "../context.ts"
import { openCommandDatabase, type Parts, withParts } from "../open.ts"
import { stateInWords, tookInWords, wroteInWords } from "../show-run.ts"
import { table } from "../table.ts"
import { ago, cut, duration, sum, tally } from "../words.ts"

type Counts = Awaited<ReturnType<LaneQueue["counts"]>>

interface Status extends SweepTotals {
  /** Or why the queue does not say. */
  readonly queue: Counts | { readonly error: string }
  /** What senders were asked for because their events carry ids only. */
  readonly fetches: Awaited<ReturnType<FetchReport["counts"]>>
  readonly unansweredFetches: readonly UnansweredFetch[]
  readonly stores: readonly (ListedStore & StoreContents)[]
  /** The last run of consolidation of each workspace. */
  readonly lastRuns: readonly ReportedRun[]
}

const unansweredShown = 10

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
  const stores = await Promise.all(
    (await report.stores()).map(async (store) => ({ ...store, ...(await report.contents(store)) })),
  )
  const queue = await openQueue({ ...parts, databaseUrl })
    .then((opened) => opened.counts())
    .catch((error) => ({ error: reasonOf(error) }))
  const asked = createFetchReport({ database })
  const [fetches, unansweredFetches] = await Promise.all([asked.counts(), asked.unanswered(unansweredShown)])
  const lastRuns = await createRunReports({ database }).last()
  return { ...totals, queue, fetches, unansweredFetches, stores, lastRuns }
}

function inWords({ terminal }: Context, status: Status): string {
  const line = (name: string, value: string): string => `${terminal.style("dim", name.padEnd(12))}${value}`
  const { received = 0, parked = 0 } = status.deliveries
  const waiting = received === 0 ? "nothing waits" : `the oldest waits since ${duration(status.oldestWaitingMs)}`
  const texts = status.parkedVectors === 0 ? "" : `, ${status.parkedVectors} parked`
  return [
    line("deliveries", `${tally(status.deliveries)} (${waiting})`),
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
    ...(status.unansweredFetches.length === 0
      ? []
      : ["", table(terminal, ["not shown", "answer", "reason"], status.unansweredFetches.map(fetchRow))]),
    ...(parked === 0 ? [] : ["", "`engram deliveries list --parked` shows why, `engram replay --parked` tries again."]),
  ].join("\n")
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
