import type { History, ImportRequest } from "@engram/contracts/history"
import type { LaneQueue } from "@engram/contracts/ports"
import { type Imported, type ImportProgress, importHistory, importLimits } from "@engram/pipeline/import-history"
import { openQueue } from "@engram/platform/open-queue"
import type { Database } from "@engram/store/database"
import { createDeliveryInbox } from "@engram/store/deliveries"
import { createImportLedger } from "@engram/store/import-ledger"
import type { Context } from "../context.ts"
import { Interrupted } from "../explain-error.ts"
import type { Parts } from "../open.ts"
import { noteEveryMs, progressOn } from "../progress.ts"
import { wakeLanes } from "../wake-lanes.ts"
import { count, duration, tally } from "../words.ts"

export interface ImportOptions {
  readonly workspace: string
  readonly store: string
  readonly since?: Date
  readonly dryRun?: true
  readonly restart?: true
  readonly json?: true
}

/** Imports with progress on standard error. Interrupted, it says that the same command goes on. */
export async function runImport(given: {
  readonly context: Context
  readonly parts: Parts
  readonly database: Database
  readonly databaseUrl: string
  readonly request: ImportRequest
  readonly open: (since: Date | undefined) => History
  readonly dryRun: boolean
}): Promise<Imported> {
  const { context, parts, database, request, dryRun } = given
  const wake = createWake(given)
  const { onPage, onWait } = reporting(context, request.what)
  try {
    return await importHistory(
      {
        ...{ open: given.open, wake, signal: context.stop, onPage, onWait },
        ledger: createImportLedger({ database }),
        inbox: createDeliveryInbox({ database }),
        limits: { ...importLimits, backlogMax: parts.config.ingestBacklogMax },
      },
      request,
      { dryRun },
    )
  } catch (error) {
    throw context.stop.aborted ? new Interrupted("interrupted; the same command goes on from here") : error
  }
}

/** Tells a worker of each page at once. */
function createWake({ parts, databaseUrl, request }: Parameters<typeof runImport>[0]): () => Promise<void> {
  const { workspaceId, storeId } = request
  let queue: Promise<LaneQueue> | undefined
  const open = () => (queue ??= openQueue({ ...parts, databaseUrl }))
  return () => wakeLanes(open, parts.log, [{ stage: "normalize", workspaceId, storeId }])
}

function reporting({ terminal }: Context, what: string) {
  const show = progressOn(terminal)
  return {
    onPage: ({ fetched, added, events }: ImportProgress) =>
      show(`${what}: ${count(fetched, "delivery", "deliveries")}, ${added} new (${tally(events)})`),
    onWait: ({ reason, ms }: { readonly reason: string; readonly ms: number }) =>
      show(`${reason}; going on in ${duration(ms)}`, ms >= noteEveryMs),
  }
}

const leftOutShown = 20

/** What a person reads when it is done. */
export function importedInWords(what: string, imported: Imported, dryRun: boolean): string {
  const { fetched, added, events, leftOut, since, resumed } = imported
  const asked = since ? `what changed since ${since.toISOString()}` : "everything"
  const deliveries = count(fetched, "delivery", "deliveries")
  const lines = [
    dryRun
      ? `${what}: ${asked} is ${deliveries}, ${added} of them new. Nothing was written.`
      : `${what}: ${asked} was ${deliveries}, ${added} of them new${resumed ? ", from where a run had stopped" : ""}.`,
    ...(fetched > 0 ? [`  ${tally(events)}`] : []),
    ...leftOut.slice(0, leftOutShown).map((line) => `  left out: ${line}`),
    ...(leftOut.length > leftOutShown ? [`  … ${leftOut.length} left out in all; --json lists them`] : []),
  ]
  if (added > 0 && !dryRun) lines.push("A worker reads them now; `engram status` follows it.")
  return lines.join("\n")
}
