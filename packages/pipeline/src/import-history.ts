import { hash } from "node:crypto"
import { setTimeout as pause } from "node:timers/promises"
import type { DeliveryInbox } from "@engram/contracts/deliveries"
import { RetryLater } from "@engram/contracts/errors"
import type {
  History,
  HistoryDelivery,
  HistoryPage,
  IdentifiedDelivery,
  ImportLedger,
  ImportRequest,
  ImportRun,
} from "@engram/contracts/history"
import { connectionId, deliveryId } from "@engram/core/ids"

export interface ImportLimits {
  /** Deliveries of the workspace that may wait to be processed; beyond it no page is fetched. */
  readonly backlogMax: number
  readonly backlogPollMs: number
  /** A provider that fails so often in a row, with ever longer waits between, ends the import. */
  readonly failuresMax: number
  readonly backoffMs: number
}

/** At 5, 10, 20 … seconds ten failures span about 40 minutes; a rate limit that names its end costs one. */
export const importLimits: Omit<ImportLimits, "backlogMax"> = {
  backlogPollMs: 2_000,
  failuresMax: 10,
  backoffMs: 5_000,
}
const backoffMaxMs = 600_000

export interface ImportDeps {
  readonly ledger: ImportLedger
  readonly inbox: Pick<DeliveryInbox, "backlog">
  /** The provider's past, of what changed since a time where there is one. */
  readonly open: (since: Date | undefined) => History
  /** New deliveries wait for the place's normalize lane. Best effort, never throws. */
  readonly wake: () => Promise<void>
  readonly limits: ImportLimits
  readonly signal: AbortSignal
  readonly onPage?: (progress: ImportProgress) => void
  readonly onWait?: (wait: { readonly reason: string; readonly ms: number }) => void
}

export interface ImportProgress {
  readonly pages: number
  readonly fetched: number
  /** Of those, the ones that were not there yet. */
  readonly added: number
  /** Fetched by this process. */
  readonly events: { readonly [event: string]: number }
  readonly leftOut: readonly string[]
}

export interface Imported extends ImportProgress {
  readonly since: Date | undefined
  readonly resumed: boolean
}

/**
 * Page after page until the last. Killed at any moment it goes on with the page it was fetching; run again, it finds its
 * deliveries there and adds none. With `dryRun` it fetches and counts, and writes nothing.
 */
export async function importHistory(
  deps: ImportDeps,
  request: ImportRequest,
  { dryRun = false }: { readonly dryRun?: boolean } = {},
): Promise<Imported> {
  const begun = dryRun ? { ...(await deps.ledger.look(request)), run: 0 } : await deps.ledger.begin(request)
  const history = deps.open(begun.since)
  const events: Record<string, number> = {}
  const leftOut: string[] = []
  let run: ImportRun = begun
  for (;;) {
    await waitForRoom(deps, request)
    const page = await fetchPage(deps, () => history.page(run.cursor))
    const deliveries = page.deliveries.map((delivery) => identified(request, delivery))
    const { added, run: after } = dryRun
      ? await count(deps, request, run, { deliveries, next: page.next })
      : await deps.ledger.commit(request, run, { deliveries, next: page.next })
    run = after
    for (const { event } of deliveries) events[event] = (events[event] ?? 0) + 1
    leftOut.push(...page.leftOut)
    if (added > 0 && !dryRun) await deps.wake()
    const { pages, fetched, added: addedInAll } = run
    const progress = { pages, fetched, added: addedInAll, events, leftOut }
    deps.onPage?.(progress)
    if (page.next === undefined) return { ...progress, since: begun.since, resumed: begun.resumed }
  }
}

function identified({ workspaceId, storeId }: ImportRequest, delivery: HistoryDelivery): IdentifiedDelivery {
  const connection = connectionId(workspaceId, delivery.source, storeId)
  return {
    ...delivery,
    id: deliveryId(connection, delivery.deliveryKey),
    connectionId: connection,
    bodyHash: hash("sha256", delivery.body, "hex"),
  }
}

/** What a commit would have said. */
async function count(
  { ledger }: ImportDeps,
  { workspaceId }: ImportRequest,
  run: ImportRun,
  { deliveries, next }: Parameters<ImportLedger["commit"]>[2],
): ReturnType<ImportLedger["commit"]> {
  const ids = [...new Set(deliveries.map(({ id }) => id))]
  const added = ids.length - (await ledger.known(workspaceId, ids))
  const fetched = run.fetched + deliveries.length
  return { added, run: { ...run, cursor: next, pages: run.pages + 1, fetched, added: run.added + added } }
}

/** The fleet reads what is there before more is brought. */
async function waitForRoom(deps: ImportDeps, { workspaceId }: ImportRequest): Promise<void> {
  const { backlogMax, backlogPollMs: ms } = deps.limits
  while ((await deps.inbox.backlog(workspaceId, backlogMax)) >= backlogMax) {
    deps.onWait?.({ reason: `${backlogMax} deliveries wait to be processed; a worker has to be running`, ms })
    await pause(ms, undefined, { signal: deps.signal })
  }
}

async function fetchPage(deps: ImportDeps, fetch: () => Promise<HistoryPage>): Promise<HistoryPage> {
  const { failuresMax, backoffMs } = deps.limits
  for (let failures = 1; ; failures++) {
    deps.signal.throwIfAborted()
    try {
      return await fetch()
    } catch (error) {
      if (!(error instanceof RetryLater) || failures === failuresMax) throw error
      const ms = Math.max(error.afterMs, Math.min(backoffMs * 2 ** (failures - 1), backoffMaxMs))
      deps.onWait?.({ reason: error.message, ms })
      await pause(ms, undefined, { signal: deps.signal })
    }
  }
}
