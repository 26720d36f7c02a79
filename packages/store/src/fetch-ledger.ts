import type { FetchLedger, OwedFetch } from "@engram/contracts/fetches"
import { byPartialIndex } from "./by-partial-index.ts"
import type { Database } from "./database.ts"
import { insertDeliveries, packDeliveries } from "./deliveries.ts"
import { isOwed } from "./knowledge/fetches.ts"
import type { Transaction } from "./transaction.ts"

const take = `
  with next as (
    select connection_id, kind, thing_id from wanted_fetches f
    where workspace_id = $1 and store_id = $2 and ${isOwed} and due_at <= now() and source = any($3)
    order by due_at, connection_id, kind, thing_id limit 1 for update)
  update wanted_fetches f set attempts = f.attempts + 1,
    as_of = greatest(coalesce(f.as_of, 0) + 1, f.wanted_at, (extract(epoch from clock_timestamp()) * 1000)::bigint)
  from next where (f.connection_id, f.kind, f.thing_id) = (next.connection_id, next.kind, next.thing_id)
  returning f.connection_id as "connectionId", f.store_id as "storeId", f.source, f.kind, f.thing_id as id, f.within,
    f.wanted_at::float8 as at, f.as_of::float8 as "asOf", f.attempts, f.failures`

const dueInMs = `
  select (extract(epoch from min(due_at) - now()) * 1000)::float8 as ms from wanted_fetches f
  where workspace_id = $1 and store_id = $2 and ${isOwed} and source = any($3)`

/** What stores are still to be told by their senders. */
export const createFetchLedger = (database: Database): FetchLedger => ({
  take: (lane, sources) =>
    database.inWorkspace(lane.workspaceId, async (tx) => {
      await tx.query(byPartialIndex)
      const [row] = await tx.query<Omit<OwedFetch, "within"> & { within: string | null }>(take, [
        lane.workspaceId,
        lane.storeId,
        sources,
      ])
      if (row === undefined) return undefined
      const { within, ...fetch } = row
      return within === null ? fetch : { ...fetch, within }
    }),

  dueInMs: (lane, sources) =>
    database.inWorkspace(lane.workspaceId, async (tx) => {
      await tx.query(byPartialIndex)
      const [row] = await tx.query<{ ms: number | null }>(dueInMs, [lane.workspaceId, lane.storeId, sources])
      return row === undefined || row.ms === null ? undefined : Math.max(row.ms, 0)
    }),

  found: async (fetch, delivery) => {
    const rows = await packDeliveries([delivery])
    await database.inWorkspace(delivery.workspaceId, async (tx) => {
      await insertDeliveries(tx, rows)
      await answered(tx, fetch, "found", null)
    })
  },

  end: (lane, fetch, answer, reason) =>
    database.inWorkspace(lane.workspaceId, (tx) => answered(tx, fetch, answer, reason)),

  postpone: (lane, fetch, reason, { afterMs, restMs }) =>
    database.inWorkspace(lane.workspaceId, async (tx) => {
      // In one order everywhere: persist takes these rows by their keys, too.
      await tx.query(
        `select from wanted_fetches f where connection_id = $1 and ${isOwed} order by connection_id, kind, thing_id for update`,
        [fetch.connectionId],
      )
      await tx.query(
        `update wanted_fetches f set answer = 'later', reason = $4, answered_at = now(), attempts = 0, failures = failures + 1,
           due_at = now() + make_interval(secs => $5 / 1000.0)
         where ${itself}`,
        [...keyOf(fetch), reason, afterMs],
      )
      if (restMs === 0) return
      await tx.query(
        `update wanted_fetches f set due_at = now() + make_interval(secs => $2 / 1000.0)
         where connection_id = $1 and ${isOwed} and due_at < now() + make_interval(secs => $2 / 1000.0)`,
        [fetch.connectionId, restMs],
      )
    }),
})

const itself = "(connection_id, kind, thing_id) = ($1, $2, $3)"
const keyOf = ({ connectionId, kind, id }: OwedFetch): string[] => [connectionId, kind, id]

/** Covers what was wanted when the fetch was taken, also when the answer comes late, from a turn believed dead. What is wanted since then stays owed, and waits for itself. */
async function answered(
  tx: Transaction,
  fetch: OwedFetch,
  answer: "found" | "missing" | "gave_up",
  reason: string | null,
): Promise<void> {
  await tx.query(
    `update wanted_fetches f set covered_at = greatest(f.covered_at, $4), answer = $5, reason = $6, answered_at = now(), attempts = 0, failures = 0,
       owed_since = now()
     where ${itself}`,
    [...keyOf(fetch), fetch.at, answer, reason],
  )
}
