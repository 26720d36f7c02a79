import type {
  ConsolidationLedger,
  MemberRow,
  ProfileVector,
  ResolvedAlias,
  StoredProfile,
} from "@engram/contracts/consolidation-ledger"
import type { ProfileId, ScopeId } from "@engram/contracts/ids"
import type { VectorView } from "@engram/contracts/knowledge"
import type { Database } from "../database.ts"
import { floatsOf, modelKey, saveValues } from "../embedding-values.ts"
import { lockVersions, unwant, wantVectors } from "../knowledge/vectors.ts"
import { isAbout, isReadable, readableObservations } from "./evidence.ts"
import { joinConsolidation } from "./hold.ts"
import { holdRun } from "./runs.ts"
import { stillThere } from "./summaries.ts"

/** Observations looked at for one answer: their vectors of 1,024 numbers in three views are 12 MB. */
const pageRows = 1_000

interface VectorRow {
  readonly occurredAt: Date
  readonly id: string
  readonly view: VectorView
  readonly textHash: string
  readonly contentHash: string
  readonly importance: number
  readonly subjectAliasIds: string[]
  readonly scopeIds: ScopeId[]
  readonly values: Buffer
}

interface PageEnd {
  readonly at: string
  readonly id: string
}

/** Where pages end, in the order of observations. One look for all of them: each page alone would sort what is left. */
const pageEndsSql = `
  select at::text, id from (
    select o.occurred_at as at, o.id, row_number() over (order by o.occurred_at, o.id) as n
    from memory_observations o where o.workspace_id = $1 and o.store_id = $2) o
  where n % ${pageRows} = 0 order by n`

const pageSql = `
  select o.occurred_at as "occurredAt", o.id, v.view, v.text_hash as "textHash", o.content_hash as "contentHash", o.importance,
         o.subject_alias_ids as "subjectAliasIds", r.scope_ids as "scopeIds", e.values
  from ${readableObservations}
  join vector_entries v on v.store_id = o.store_id and v.family = 'observations' and v.ref_id = o.id and v.embedding_version_id = $3
    and v.wanted_hash is not null
  join embedding_values e on e.workspace_id = $1 and e.model = $4 and e.text_hash = v.text_hash
  where o.workspace_id = $1 and o.store_id = $2 and (o.occurred_at, o.id) > ($6, $7) and (o.occurred_at, o.id) <= ($8, $9)
    and ${isAbout("$5")} and ${isReadable} and r.private_to is null
  order by o.occurred_at, o.id, v.view`

const summariesSql = `
  select m.entity_id as "entityId", v.text_hash as "textHash", m.scope_ids as "scopeIds", e.values from memory_summaries m
  join vector_entries v on v.store_id = m.store_id and v.family = 'summaries' and v.ref_id = m.id and v.embedding_version_id = $3
    and v.view = 'body' and v.wanted_hash is not null
  join embedding_values e on e.workspace_id = $1 and e.model = $4 and e.text_hash = v.text_hash
  where m.workspace_id = $1 and m.store_id = $2 and m.entity_id = any($5) and m.scope_id is null order by m.id`

export const createProfiles = (
  database: Database,
): Pick<ConsolidationLedger, "profiles" | "unprofiled" | "profileVectors" | "saveProfiles"> => ({
  profiles: (workspaceId, storeId, entityIds, version) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const rows = await tx.query<Omit<StoredProfile, "body"> & { body: Buffer | null }>(
        `select p.id, p.entity_id as "entityId", p.drift, p.weight, p.changed, (extract(epoch from p.rebuilt_at) * 1000)::float8 as "rebuiltAt",
                coalesce((select array_agg(v.embedding_version_id) from vector_entries v where v.store_id = p.store_id and v.family = 'profiles'
                  and v.ref_id = p.id and v.view = 'body' and v.wanted_hash is not null), '{}') as "versionIds",
                (select e.values from vector_entries v join embedding_values e on e.workspace_id = $1 and e.model = $5 and e.text_hash = v.text_hash
                 where v.store_id = p.store_id and v.family = 'profiles' and v.ref_id = p.id and v.view = 'body' and v.embedding_version_id = $4) as body
         from memory_profiles p where p.workspace_id = $1 and p.store_id = $2 and p.entity_id = any($3)`,
        [workspaceId, storeId, entityIds, version.id, modelKey(version.model)],
      )
      return rows.map(({ body, ...row }) => ({ ...row, body: body && floatsOf(body) }))
    }),

  unprofiled: (workspaceId) =>
    database.inWorkspace(workspaceId, (tx) =>
      tx.query<{ storeId: string; entityId: string }>(
        `select distinct p.store_id as "storeId", p.entity_id as "entityId"
         from memory_profiles p join embedding_versions n on n.store_id = p.store_id and n.status in ('active', 'canary')
         where p.workspace_id = $1 and not exists (
           select from vector_entries v where v.store_id = p.store_id and v.family = 'profiles' and v.ref_id = p.id
             and v.view = 'body' and v.embedding_version_id = n.id and v.wanted_hash is not null)`,
        [workspaceId],
      ),
    ),

  profileVectors: async (workspaceId, { storeId, version, aliases }, each) => {
    const place = [workspaceId, storeId, version.id, modelKey(version.model)]
    const entitiesOf = Map.groupBy(aliases, ({ aliasId }) => aliasId)
    const ends = await database.inWorkspace(workspaceId, (tx) => tx.query<PageEnd>(pageEndsSql, [workspaceId, storeId]))
    let after: PageEnd = { at: "-infinity", id: "" }
    for (const end of [...ends, { at: "infinity", id: "" }]) {
      const between = [after.at, after.id, end.at, end.id]
      const rows = await database.inWorkspace(workspaceId, (tx) =>
        tx.query<VectorRow>(pageSql, [...place, [...entitiesOf.keys()], ...between]),
      )
      each(rows.map((row) => ofObservation(row, entitiesOf)))
      after = end
    }
    const entityIds = [...new Set(aliases.map(({ entityId }) => entityId))]
    const summaries = await database.inWorkspace(workspaceId, (tx) =>
      tx.query<{ entityId: string; textHash: string; scopeIds: ScopeId[]; values: Buffer }>(summariesSql, [
        ...place,
        entityIds,
      ]),
    )
    each(
      summaries.map(({ entityId, values, ...row }) => ({
        ...row,
        view: "body",
        member: null,
        entityIds: [entityId],
        values: floatsOf(values),
      })),
    )
  },

  saveProfiles: (workspaceId, runId, { storeId, now, rebuilt, measured, withdrawn }) =>
    database.inWorkspace(workspaceId, async (tx) => {
      await holdRun(tx, workspaceId, runId)
      const open = new Set((await lockVersions(tx, storeId)).map(({ id }) => id))
      await joinConsolidation(tx, workspaceId)
      const stands = await stillThere(tx, workspaceId, rebuilt)
      const rows = rebuilt.filter(({ id }) => stands.has(id)).sort((a, b) => (a.id < b.id ? -1 : 1))
      const at = new Date(now)
      await tx.insert(
        "memory_profiles",
        rows.map(({ evidence: _, vectors: __, ...row }) => ({
          ...row,
          workspaceId,
          drift: 0,
          measuredAt: at,
          rebuiltAt: at,
        })),
        `on conflict (id) do update set descriptors = excluded.descriptors, observations = excluded.observations,
           summaries = excluded.summaries, scope_ids = excluded.scope_ids, drift = excluded.drift, weight = excluded.weight, changed = 0,
           measured_at = excluded.measured_at, rebuilt_at = excluded.rebuilt_at`,
      )
      await tx.query(
        `update memory_profiles p set drift = k.drift, weight = k.weight, changed = k.changed,
           measured_at = case when k.changed = 0 then $3 else p.measured_at end
         from json_to_recordset($2) as k(id text, drift real, weight real, changed int) where p.workspace_id = $1 and p.id = k.id`,
        [workspaceId, JSON.stringify(measured), at],
      )
      await tx.query(
        `with gone as (delete from memory_profiles where workspace_id = $1 and id = any($2) returning store_id, id) ${unwant("profiles")}`,
        [workspaceId, withdrawn],
      )
      // A centroid is one profile's alone: the one it replaces is nobody's any more.
      await tx.query(
        `delete from embedding_values e using vector_entries v
         where v.workspace_id = $1 and v.store_id = $2 and v.family = 'profiles' and v.ref_id = any($3)
           and e.workspace_id = $1 and e.text_hash = v.text_hash`,
        [workspaceId, storeId, [...rows.map(({ id }) => id), ...withdrawn]],
      )
      const vectors = rows.flatMap((row) => row.vectors).filter(({ version }) => open.has(version.id))
      for (const same of Map.groupBy(vectors, ({ version }) => version.id).values()) {
        await saveValues(tx, workspaceId, same[0]!.version.model, same)
      }
      // Views and versions that have no centroid any more; the others are wanted again right after.
      await tx.query(
        `with gone as (select distinct store_id, ref_id as id from vector_entries
           where workspace_id = $1 and store_id = $2 and family = 'profiles' and ref_id = any($3)) ${unwant("profiles")}`,
        [workspaceId, storeId, rows.map(({ id }) => id)],
      )
      await wantVectors(
        tx,
        workspaceId,
        vectors.map(({ wanted }) => wanted),
      )
      return rows.map(({ id }) => id as ProfileId)
    }),
})

function ofObservation(row: VectorRow, aliases: ReadonlyMap<string, readonly ResolvedAlias[]>): ProfileVector {
  const { id, contentHash, importance, view, textHash, scopeIds } = row
  const entityIds = new Set(
    row.subjectAliasIds.flatMap((alias) => aliases.get(alias) ?? []).map(({ entityId }) => entityId),
  )
  const member = { id: id as MemberRow["id"], contentHash, importance, occurredAt: row.occurredAt.getTime() }
  return { view, textHash, scopeIds, member, entityIds: [...entityIds], values: floatsOf(row.values) }
}
