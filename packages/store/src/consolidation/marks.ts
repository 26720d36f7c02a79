import type { ConsolidationLedger, DueDay, Marks, ResolvedAlias } from "@engram/contracts/consolidation-ledger"
import type { Database } from "../database.ts"

interface MarkRow {
  readonly id: number
  readonly storeId: string | null
  readonly aliasId: string | null
  readonly day: string | null
  readonly entityId: string | null
  readonly scopeId: string | null
  readonly added: number
  readonly lost: boolean
}

/** Marks in one answer: a night may have hundreds of thousands. */
const pageRows = 20_000

// As float8, which pg reads as numbers; ids stay below 2^53.
const pageSql = `
  select id::float8 as id, store_id as "storeId", alias_id as "aliasId", day::text, entity_id as "entityId", scope_id as "scopeId", added, lost
  from consolidation_marks where workspace_id = $1 and id > $2 order by id limit ${pageRows}`

const utcDay = `(o.occurred_at at time zone 'UTC')::date`

export const createMarks = (database: Database): Pick<ConsolidationLedger, "marks" | "daysOf" | "resolve"> => ({
  marks: async (workspaceId) => {
    const gathered = createGathering()
    for (let after = -1; ; ) {
      const rows = await database.inWorkspace(workspaceId, (tx) => tx.query<MarkRow>(pageSql, [workspaceId, after]))
      for (const row of rows) gathered.add(row)
      const last = rows.at(-1)
      if (last === undefined || rows.length < pageRows) return gathered.marks()
      after = last.id
    }
  },

  daysOf: async (workspaceId, { aliasIds, scopeIds, from, until }) => {
    const rows = await database.inWorkspace(workspaceId, (tx) =>
      tx.query<{ storeId: string; aliasId: string | null; days: string[] }>(
        `select o.store_id as "storeId", s.alias_id as "aliasId", json_agg(distinct ${utcDay}) as days
         from memory_observations o left join lateral unnest(o.subject_alias_ids) as s(alias_id) on true
         where o.workspace_id = $1 and o.live and (
           (o.subject_alias_ids && $2::text[] and s.alias_id = any($2)) or o.scope_id = any($3)
           or (o.occurred_at >= ($4::date)::timestamp at time zone 'UTC' and o.occurred_at < ($5::date)::timestamp at time zone 'UTC'))
         group by 1, 2`,
        [workspaceId, aliasIds, scopeIds, from, until],
      ),
    )
    const same = createInterner()
    return rows.flatMap(({ days, ...name }) =>
      days.map((day) => ({ ...name, day: same(day), lost: true, added: Infinity })),
    )
  },

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

function createGathering() {
  const days: DueDay[] = []
  const entityIds = new Set<string>()
  const scopeIds = new Set<string>()
  const read = new Map<string | null, number[]>()
  const same = createInterner()
  return {
    add: ({ id, storeId, day, entityId, scopeId, lost, added, ...row }: MarkRow): void => {
      const aliasId = row.aliasId === null ? null : same(row.aliasId)
      if (storeId !== null && day !== null)
        days.push({ storeId: same(storeId), aliasId, day: same(day), lost, added: added || Infinity })
      if (entityId !== null) entityIds.add(entityId)
      if (scopeId !== null) scopeIds.add(scopeId)
      const ids = read.get(aliasId)
      if (ids) ids.push(id)
      else read.set(aliasId, [id])
    },
    marks: (): Marks => ({ days, entityIds: [...entityIds], scopeIds: [...scopeIds], read }),
  }
}

/** Keeps one string of those that are equal: every row brings its own. */
function createInterner(): (text: string) => string {
  const known = new Map<string, string>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    known.set(text, text)
    return text
  }
}
