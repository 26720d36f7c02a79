import type { AgingLedger, AgingRow } from "@engram/contracts/aging"
import type { StoreId } from "@engram/contracts/ids"
import type { ObservationRow } from "@engram/contracts/knowledge"
import type { Database } from "../database.ts"
import { observationColumns } from "../knowledge/observations.ts"
import { lockVersions, unwant, wantVectors } from "../knowledge/vectors.ts"

/** Summaries are looked up by their windows, so a page reads those of its own days and no index on evidence is needed. */
const pageSql = `
  with page as materialized (
    select o.id, o.occurred_at, o.importance, o.content_hash from memory_observations o
    where o.workspace_id = $1 and o.store_id = $2 and o.live and o.text <> '' and o.occurred_at < to_timestamp($3::float8 / 1000)
      and (o.occurred_at, o.id) > ($4::timestamptz, $5)
    order by o.occurred_at, o.id limit $6),
  days as materialized (
    select min(occurred_at at time zone 'UTC')::date as first, max(occurred_at at time zone 'UTC')::date as last from page),
  summed as materialized (
    select distinct e.id from days, memory_summaries m, unnest(m.evidence_ids) as e(id)
    where m.workspace_id = $1 and m.store_id = $2 and m.entity_id is not null and m.window_kind in ('week', 'month')
      and m.window_from <= days.last and m.window_until > days.first)
  select p.id, (extract(epoch from p.occurred_at) * 1000)::float8 as "occurredAt", p.importance, p.content_hash as "contentHash",
         s.id is not null as "isSummarized", p.occurred_at::text as at,
         exists (select from vector_entries v where v.store_id = $2 and v.family = 'observations' and v.ref_id = p.id
                 and v.wanted_hash is not null) as "isWanted"
  from page p left join summed s on s.id = p.id order by p.occurred_at, p.id`

export const createAgingLedger = (database: Database): AgingLedger => ({
  stores: (workspaceId) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const rows = await tx.query<{ id: StoreId }>("select id from stores where workspace_id = $1 order by id", [
        workspaceId,
      ])
      return rows.map(({ id }) => id)
    }),

  page: (workspaceId, { storeId, before, after, max }) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const from = [after?.at ?? "-infinity", after?.id ?? ""]
      const rows = await tx.query<AgingRow & { readonly at: string }>(pageSql, [
        workspaceId,
        storeId,
        before,
        ...from,
        max,
      ])
      const last = rows.at(-1)
      return { rows, next: last && rows.length === max ? { at: last.at, id: last.id } : undefined }
    }),

  // Locked as persist locks them: the store's versions, observations in id order, then their vectors.
  prune: (workspaceId, storeId, seen) =>
    database.inWorkspace(workspaceId, async (tx) => {
      await lockVersions(tx, storeId)
      const rows = await tx.query<{ id: string }>(
        `select o.id from memory_observations o join unnest($2::text[], $3::text[]) as k(id, hash) on k.id = o.id
         where o.workspace_id = $1 and o.live and o.content_hash = k.hash order by o.id for share of o`,
        [workspaceId, seen.map(({ id }) => id), seen.map(({ contentHash }) => contentHash)],
      )
      await tx.query(
        `with gone as (select $1::text as store_id, t.id from unnest($2::text[]) as t(id)) ${unwant("observations")}`,
        [storeId, rows.map(({ id }) => id)],
      )
      return rows.length
    }),

  restore: (workspaceId, storeId, ids, vectorsOf) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const versions = await lockVersions(tx, storeId)
      if (versions.length === 0) return 0
      const rows = await tx.query<ObservationRow>(
        `select ${observationColumns} from memory_observations
         where workspace_id = $1 and id = any($2) and live order by id for share`,
        [workspaceId, ids],
      )
      await wantVectors(
        tx,
        workspaceId,
        rows.flatMap((row) => [...vectorsOf(row, versions)]),
      )
      return rows.length
    }),
})
