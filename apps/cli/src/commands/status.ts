import { reasonOf } from "@engram/contracts/errors"
import type { LaneQueue } from "@engram/contracts/ports"
import type { SweepTotals } from "@engram/contracts/vectors"
import { openQueue } from "@engram/platform/open-queue"
import { createStoreReport, type ListedStore, type StoreContents } from "@engram/store/store-report"
import { createSweepLedger } from "@engram/store/sweep-ledger"
import type { Command } from "commander"
import type { Context } from "../context.ts"
import { openCommandDatabase, type Parts, withParts } from "../open.ts"
import { table } from "../table.ts"
import { duration, sum, tally } from "../words.ts"

type Counts = Awaited<ReturnType<LaneQueue["counts"]>>

interface Status extends SweepTotals {
  /** Or why the queue does not say. */
  readonly queue: Counts | { readonly error: string }
  readonly stores: readonly (ListedStore & StoreContents)[]
}

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
  return { ...totals, queue, stores }
}

function inWords({ terminal }: Context, status: Status): string {
  const line = (name: string, value: string): string => `${terminal.style("dim", name.padEnd(12))}${value}`
  const { received = 0, parked = 0 } = status.deliveries
  const waiting = received === 0 ? "nothing waits" : `the oldest waits since ${duration(status.oldestWaitingMs)}`
  const texts = status.parkedVectors === 0 ? "" : `, ${status.parkedVectors} parked`
  return [
    line("deliveries", `${tally(status.deliveries)} (${waiting})`),
    line("vectors", `${sum(status.owed)} owed${texts}`),
    ...("error" in status.queue
      ? [line("queue", terminal.style("red", status.queue.error))]
      : ["", table(terminal, ["queue", "waiting", "active", "delayed", "failed"], queueRows(status.queue))]),
    ...(status.stores.length === 0
      ? ["", "There is no store yet; `engram connect` makes one."]
      : ["", table(terminal, storeColumns, status.stores.map(storeRow))]),
    ...(parked === 0 ? [] : ["", "`engram deliveries list --parked` shows why, `engram replay --parked` tries again."]),
  ].join("\n")
}

const queueRows = (queue: Counts): string[][] =>
  Object.entries(queue).map(([stage, { waiting, active, delayed, failed }]) => [
    stage,
    ...[waiting, active, delayed, failed].map(String),
  ])

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
