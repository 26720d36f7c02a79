import type { DeliveryInbox, NewDelivery } from "@engram/contracts/deliveries"
import { Rejected, RetryLater, reasonOf } from "@engram/contracts/errors"
import type { Log } from "@engram/contracts/ports"
import type { Waker } from "./wake.ts"

export type Accepted = "new" | "duplicate"

export interface Acceptor {
  /**
   * Durable when it resolves. `Rejected` when Postgres refuses this delivery's data; `RetryLater` when it could not be written
   * in time. It may have been written all the same; sent again, it is then a duplicate.
   */
  accept(delivery: NewDelivery): Promise<Accepted>
  /** Resolves when everything accepted so far has been answered. */
  drain(): Promise<void>
}

export interface AcceptLimits {
  readonly rowsMax: number
  readonly bytesMax: number
  /** How long the first of a batch waits for others. */
  readonly waitMs: number
  /** Batches being written at once: two keep Postgres busy while the next one gathers. */
  readonly insertsMax: number
  /** From accept to answer. GitHub gives up after 10 seconds. */
  readonly answerMs: number
}

export const acceptLimits: AcceptLimits = {
  rowsMax: 256,
  bytesMax: 8_000_000,
  waitMs: 2,
  insertsMax: 2,
  answerMs: 8_000,
}

interface Entry {
  readonly deadline: number
  readonly bytes: number
  /**
   * Gone once it has its answer. V8 keeps what has been in a set that is written to all the time until it collects all garbage, and
   * with the bodies it did so four times in 5,000 deliveries, each time holding everything up for 50 ms (measured).
   */
  open: Open | undefined
}

interface Open {
  readonly delivery: NewDelivery
  readonly resolve: (accepted: Accepted) => void
  readonly reject: (error: unknown) => void
}

/** Deliveries that arrive together commit together: one statement and one flush to disk for all of them. */
export function createAcceptor(deps: {
  inbox: Pick<DeliveryInbox, "insert">
  waker: Waker
  log: Log
  limits?: Partial<AcceptLimits>
  /** Told of each batch that was written. */
  onBatch?: (rows: number) => void
}): Acceptor {
  const limits = { ...acceptLimits, ...deps.limits }
  /** In order of arrival, which is the order of their deadlines. */
  const unanswered = new Set<Entry>()
  let gathered: Entry[] = []
  let gatheredBytes = 0
  let inserts = 0
  let gathering: NodeJS.Timeout | undefined
  let expiring: NodeJS.Timeout | undefined
  const drained: (() => void)[] = []

  const flush = (): void => {
    clearTimeout(gathering)
    gathering = undefined
    while (inserts < limits.insertsMax && gathered.length > 0) {
      inserts++
      void write(takeBatch()).finally(() => {
        inserts--
        // What gathered meanwhile has waited long enough.
        flush()
      })
    }
  }

  const takeBatch = (): Entry[] => {
    let rows = 0
    let bytes = 0
    for (const entry of gathered) {
      if (rows === limits.rowsMax || (rows > 0 && bytes + entry.bytes > limits.bytesMax)) break
      rows++
      bytes += entry.bytes
    }
    gatheredBytes -= bytes
    return gathered.splice(0, rows)
  }

  /** Never rejects: each entry gets its own answer. */
  const write = async (entries: readonly Entry[]): Promise<void> => {
    const batch = entries.filter(({ open }) => open !== undefined)
    if (batch.length === 0) return
    const deliveries = batch.map(({ open }) => open!.delivery)
    try {
      const results = await deps.inbox.insert(deliveries)
      for (const [index, entry] of batch.entries()) settle(entry, ({ resolve }) => resolve(results[index]!))
      deps.onBatch?.(batch.length)
      wakeLanesOf(deliveries.filter((_, index) => results[index] === "new"))
    } catch (error) {
      await refuse(batch, error)
    }
  }

  /** Refused data is looked for by halves: it refuses only itself. */
  const refuse = async (batch: readonly Entry[], error: unknown): Promise<void> => {
    if (error instanceof Rejected && batch.length > 1) {
      const half = batch.length >> 1
      await write(batch.slice(0, half))
      return write(batch.slice(half))
    }
    if (!(error instanceof Rejected))
      deps.log.error({ rows: batch.length, reason: reasonOf(error) }, "batch not written")
    for (const entry of batch) settle(entry, ({ reject }) => reject(error))
  }

  const wakeLanesOf = (deliveries: readonly NewDelivery[]): void => {
    const stores = new Map(deliveries.map(({ storeId, workspaceId }) => [storeId, workspaceId]))
    for (const [storeId, workspaceId] of stores) deps.waker.wake({ stage: "normalize", workspaceId, storeId })
  }

  const settle = (entry: Entry, answer: (open: Open) => void): void => {
    const { open } = entry
    if (open === undefined) return
    entry.open = undefined
    unanswered.delete(entry)
    answer(open)
    if (unanswered.size === 0) for (const tell of drained.splice(0)) tell()
  }

  /** Postgres hangs, or has fallen behind: the sender hears so while it still listens. */
  const expire = (): void => {
    expiring = undefined
    const now = performance.now()
    for (const entry of unanswered) {
      if (entry.deadline > now) {
        expiring = setTimeout(expire, entry.deadline - now).unref()
        break
      }
      settle(entry, ({ reject }) =>
        reject(new RetryLater(`Postgres did not answer within ${limits.answerMs} ms`, { afterMs: 1_000 })),
      )
    }
    gathered = gathered.filter(({ open }) => open !== undefined)
    gatheredBytes = gathered.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  return {
    accept: (delivery) =>
      new Promise((resolve, reject) => {
        const bytes = delivery.body.byteLength
        const entry = { deadline: performance.now() + limits.answerMs, bytes, open: { delivery, resolve, reject } }
        unanswered.add(entry)
        expiring ??= setTimeout(expire, limits.answerMs).unref()
        gathered.push(entry)
        gatheredBytes += bytes
        if (gathered.length >= limits.rowsMax || gatheredBytes >= limits.bytesMax) flush()
        else gathering ??= setTimeout(flush, limits.waitMs)
      }),
    drain: async () => {
      flush()
      if (unanswered.size > 0) await new Promise<void>((resolve) => drained.push(resolve))
      clearTimeout(expiring)
      expiring = undefined
    },
  }
}
