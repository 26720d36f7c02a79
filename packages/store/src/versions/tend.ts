import { textFamilies } from "@engram/contracts/knowledge"
import type { StoredVersion, VectorKey, VersionLedger } from "@engram/contracts/versions"
import type { Database } from "../database.ts"
import { modelKey } from "../embedding-values.ts"
import { aloneWithVersions, keepFromMaking, versionsWhere } from "./rows.ts"

type Tend = Pick<
  VersionLedger,
  "due" | "beginDrop" | "dropEntries" | "withIndex" | "dropValues" | "endDrop" | "retryParked" | "oweValueless"
>

const shares = `select from embedding_versions e where e.workspace_id = $1 and e.id <> $2 and e.status <> 'dropping'
  and (e.provider, e.model, e.dimension) = ($3, $4, $5)`

/** Values that no vector of another version of the same model is of; all of them where there is no such version. */
const dropValuesSql = `
  with gone as materialized (
    select v.text_hash from embedding_values v where v.workspace_id = $1 and v.model = $6
      and (not exists (${shares}) or not exists (
        select from vector_entries n join embedding_versions e on e.id = n.embedding_version_id
        where n.workspace_id = $1 and n.text_hash = v.text_hash and n.wanted_hash is not null and e.id <> $2
          and (e.provider, e.model, e.dimension) = ($3, $4, $5)))
    limit $7)
  delete from embedding_values e using gone where e.workspace_id = $1 and e.model = $6 and e.text_hash = gone.text_hash
  returning 1`

/** The next page of written vectors; those without values are owed again, as if what is in the index were of another text. */
const valuelessSql = `
  with page as materialized (
    select v.family, v.ref_id, v.view, v.text_hash from vector_entries v
    where v.workspace_id = $1 and v.store_id = $2 and v.embedding_version_id = $3 and v.wanted_hash = v.written_hash
      and v.parked_reason is null and (v.family, v.ref_id, v.view) > ($5, $6, $7) and v.family = any($9)
    order by v.family, v.ref_id, v.view limit $8),
  again as (
    update vector_entries v set written_hash = 'valueless' from page p
    where v.store_id = $2 and (v.family, v.ref_id, v.view) = (p.family, p.ref_id, p.view) and v.embedding_version_id = $3
      and v.wanted_hash = v.written_hash and v.text_hash = p.text_hash and not exists (
        select from embedding_values e where e.workspace_id = $1 and e.model = $4 and e.text_hash = p.text_hash offset 0)
    returning 1)
  select (select count(*)::int from page) as seen, (select count(*)::int from again) as owed, l.*
  from (values (1)) one left join lateral (
    select p.family, p.ref_id as "refId", p.view from page p order by p.family desc, p.ref_id desc, p.view desc limit 1) l on true`

export const tendVersions = (database: Database): Tend => ({
  due: (workspaceId, before) =>
    database.inWorkspace(workspaceId, (tx) =>
      versionsWhere(tx, workspaceId, "(status = 'dropping' or status = 'archived' and archived_at <= $2)", [before]),
    ),

  beginDrop: (version) =>
    database.inWorkspace(version.workspaceId, async (tx) => {
      const status = (await aloneWithVersions(tx, version)).find(({ id }) => id === version.id)?.status
      if (status === "archived") {
        await tx.query("update embedding_versions set status = 'dropping' where id = $1", [version.id])
      }
      return status === "archived" || status === "dropping"
    }),

  dropEntries: ({ workspaceId, storeId, id }, max) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const gone = await tx.query(
        `delete from vector_entries where ctid = any(array(
           select ctid from vector_entries where workspace_id = $1 and store_id = $2 and embedding_version_id = $3 limit $4))
         and embedding_version_id = $3 returning 1`,
        [workspaceId, storeId, id, max],
      )
      return gone.length
    }),

  withIndex: (version, work) =>
    database.inWorkspace(version.workspaceId, async (tx) => {
      await keepFromMaking(tx, version)
      const others = await versionsWhere(tx, version.workspaceId, "store_id = $2 and index_name = $3 and id <> $4", [
        version.storeId,
        version.indexName,
        version.id,
      ])
      await work(others.length > 0)
    }),

  dropValues: (version, max) =>
    database.inWorkspace(version.workspaceId, async (tx) => {
      const { workspaceId, id, model } = version
      const gone = await tx.query(dropValuesSql, [
        ...[workspaceId, id, model.provider, model.model, model.dimension],
        ...[modelKey(model), max],
      ])
      return gone.length
    }),

  endDrop: ({ workspaceId, id }) =>
    database.inWorkspace(workspaceId, async (tx) => {
      await tx.query("delete from embedding_versions where id = $1 and status = 'dropping'", [id])
    }),

  retryParked: ({ workspaceId, storeId, id }, attemptsMax) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const again = await tx.query(
        `update vector_entries set parked_reason = null
         where workspace_id = $1 and store_id = $2 and embedding_version_id = $3 and parked_reason is not null and attempts < $4
         returning 1`,
        [workspaceId, storeId, id, attemptsMax],
      )
      return again.length
    }),

  oweValueless: (version, { after, max }) =>
    database.inWorkspace(version.workspaceId, async (tx) => {
      const [row] = await tx.query<{ seen: number; owed: number } & (VectorKey | { readonly family: null })>(
        valuelessSql,
        [...keysOf(version), ...[after?.family ?? "", after?.refId ?? "", after?.view ?? "", max, textFamilies]],
      )
      const { seen, owed, ...last } = row!
      return { owed, last: seen < max || last.family === null ? undefined : last }
    }),
})

const keysOf = ({ workspaceId, storeId, id, model }: StoredVersion): unknown[] => [
  workspaceId,
  storeId,
  id,
  modelKey(model),
]
