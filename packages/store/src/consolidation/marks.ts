import type { ConsolidationLedger, DueDay, Marks, ResolvedAlias } from "@engram/contracts/consolidation-ledger"
import type { Database } from "../database.ts"

interface MarkRow {
  readonly storeId: string | null
  readonly aliasId: string | null
  readonly day: string | null
  readonly entityId: string | null
  readonly scopeId: string | null
  readonly lost: boolean
  readonly ids: number[]
}

const utcDay = `(o.occurred_at at time zone 'UTC')::date`

export const createMarks = (database: Database): Pick<ConsolidationLedger, "marks" | "daysOf" | "resolve"> => ({
  marks: (workspaceId) =>
    database.inWorkspace(workspaceId, async (tx) => {
      // As float8, which pg reads as numbers; ids stay below 2^53.
      const rows = await tx.query<MarkRow>(
        `select store_id as "storeId", alias_id as "aliasId", day::text, entity_id as "entityId", scope_id as "scopeId",
                bool_or(lost) as lost, array_agg(id::float8) as ids
         from consolidation_marks where workspace_id = $1 group by 1, 2, 3, 4, 5`,
        [workspaceId],
      )
      return {
        days: rows.flatMap(({ storeId, aliasId, day, lost }): DueDay[] =>
          storeId !== null && day !== null ? [{ storeId, aliasId, day, lost }] : [],
        ),
        entityIds: rows.flatMap(({ entityId }) => entityId ?? []),
        scopeIds: rows.flatMap(({ scopeId }) => scopeId ?? []),
        ids: rows.flatMap(({ ids, storeId, aliasId, day }): Marks["ids"][number][] =>
          ids.map((id) => ({ id, storeId, aliasId, day })),
        ),
      }
    }),

  daysOf: (workspaceId, { aliasIds, scopeIds, from, until }) =>
    database.inWorkspace(workspaceId, (tx) =>
      tx.query<DueDay>(
        `select distinct o.store_id as "storeId", s.alias_id as "aliasId", ${utcDay}::text as day, true as lost
         from memory_observations o left join lateral unnest(o.subject_alias_ids) as s(alias_id) on true
         where o.workspace_id = $1 and o.live and (
           (o.subject_alias_ids && $2::text[] and s.alias_id = any($2)) or o.scope_id = any($3)
           or (o.occurred_at >= ($4::date)::timestamp at time zone 'UTC' and o.occurred_at < ($5::date)::timestamp at time zone 'UTC'))`,
        [workspaceId, aliasIds, scopeIds, from, until],
      ),
    ),

  resolve: (workspaceId, { aliasIds, entityIds }) =>
    database.inWorkspace(workspaceId, (tx) =>
      tx.query<ResolvedAlias>(
        `with wanted as (
           select coalesce(c.person_id, a.entity_id, k.id) as id from unnest($2::text[]) as k(id)
           left join entity_aliases a on a.id = k.id left join accounts c on c.id = a.entity_id
           union select e.id from unnest($3::text[]) as e(id)),
         members as (
           select w.id as entity_id, c.id as member from wanted w join accounts c on c.workspace_id = $1 and c.person_id = w.id
           union select w.id, w.id from wanted w)
         select a.id as "aliasId", m.entity_id as "entityId" from members m join entity_aliases a on a.workspace_id = $1 and a.entity_id = m.member
         where not exists (select from accounts b where b.id = m.member and b.kind = 'bot')
         union
         select w.id, w.id from wanted w left join entity_aliases a on a.id = w.id
         where left(w.id, 4) = 'als_' and a.entity_id is null order by 1`,
        [workspaceId, aliasIds, entityIds],
      ),
    ),
})
