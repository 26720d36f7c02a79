import type { Lane } from "@engram/contracts/ports"
import type { SweepLedger } from "@engram/contracts/vectors"
import { byPartialIndex } from "./by-partial-index.ts"
import type { Database } from "./database.ts"
import { isOwed as isFetchOwed } from "./knowledge/fetches.ts"
import { isOwed } from "./knowledge/vectors.ts"

/** A sweep takes seconds; a process that vanished without closing its connection keeps the others this long. */
const sweepMs = 300_000

// Evaluation is owed to nobody: what the queue lost of it is made good by the next thing that is persisted.
const sweptStages = ["normalize", "hydrate", "embed", "archive"] as const

// One question per store and stage, each answered by the first row of a partial index, however many are owed.
const dueLanes = `
  select s.workspace_id as "workspaceId", s.id as "storeId",
    exists (select from ingest_deliveries d where d.workspace_id = s.workspace_id and d.store_id = s.id and d.state = 'received'
            and d.due_at <= now() and (d.claimed_until is null or d.claimed_until < now())) as normalize,
    exists (select from wanted_fetches f where f.workspace_id = s.workspace_id and f.store_id = s.id and ${isFetchOwed}
            and f.due_at <= now()) as hydrate,
    exists (select from vector_entries v where v.workspace_id = s.workspace_id and v.store_id = s.id
            and ${isOwed("v.")}) as embed,
    exists (select from ingest_deliveries d where d.workspace_id = s.workspace_id and d.store_id = s.id
            and d.state <> 'received' and d.body is not null and (w.keep_raw or d.state <> 'parked'))
      or exists (select from ingest_deliveries d where d.workspace_id = s.workspace_id and d.store_id = s.id
            and d.forget_raw and (d.body is not null or d.artifact_key is not null) and d.artifact_key is not null) as archive
  from stores s join workspaces w on w.id = s.workspace_id order by s.id`

// Not those that are done: they become millions, and this is asked every few seconds.
const openDeliveries = `
  select count(*)::int as received,
    coalesce(extract(epoch from now() - min(received_at)) * 1000, 0)::float8 as "oldestWaitingMs",
    (select count(*)::int from workspaces w join ingest_deliveries d on d.workspace_id = w.id and d.state = 'parked') as parked
  from ingest_deliveries where state = 'received'`

export const createSweepLedger = (database: Database): SweepLedger => ({
  alone: (work) => database.alone("engram sweep", work, { idleMs: sweepMs }),

  dueLanes: () =>
    database.asFleet(async (tx) => {
      await tx.query(byPartialIndex)
      const rows = await tx.query<{
        workspaceId: string
        storeId: string
        normalize: boolean
        hydrate: boolean
        embed: boolean
        archive: boolean
      }>(dueLanes)
      return rows.flatMap(({ workspaceId, storeId, ...due }) =>
        sweptStages.filter((stage) => due[stage]).map((stage): Lane => ({ stage, workspaceId, storeId })),
      )
    }),

  removeAgain: (afterMs) =>
    database.asFleet(async (tx) => {
      const again = await tx.query(
        `update vector_entries set written_hash = 'removed', removed_at = null
         where wanted_hash is null and removed_at < now() - make_interval(secs => $1 / 1000.0) returning ref_id`,
        [afterMs],
      )
      return again.length
    }),

  totals: () =>
    database.asFleet(async (tx) => {
      await tx.query(byPartialIndex)
      const [open] = await tx.query<{ received: number; oldestWaitingMs: number; parked: number }>(openDeliveries)
      const owed = await tx.query<{ family: string; count: number }>(
        `select family, count(*)::int as count from vector_entries
         where ${isOwed()} group by family`,
      )
      const [parked] = await tx.query<{ count: number }>(
        "select count(*)::int as count from vector_entries where parked_reason is not null",
      )
      const [fetches] = await tx.query<{ count: number }>(
        `select count(*)::int as count from wanted_fetches f where ${isFetchOwed}`,
      )
      return {
        deliveries: { received: open!.received, parked: open!.parked },
        oldestWaitingMs: open!.oldestWaitingMs,
        owed: Object.fromEntries(owed.map((row) => [row.family, row.count])),
        parkedVectors: parked?.count ?? 0,
        owedFetches: fetches?.count ?? 0,
      }
    }),
})
