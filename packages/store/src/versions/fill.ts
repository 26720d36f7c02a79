import { textFamilies } from "@engram/contracts/knowledge"
import type {
  FamilyState,
  KnownVector,
  StoredVersion,
  VectorKey,
  VersionDifference,
  VersionLedger,
} from "@engram/contracts/versions"
import { byPartialIndex } from "../by-partial-index.ts"
import type { Database } from "../database.ts"
import { floatsOf, modelKey } from "../embedding-values.ts"
import { isOwed, wantedAnew } from "../knowledge/vectors.ts"
import { owedTo } from "./change.ts"

type Fill = Pick<VersionLedger, "copy" | "owed" | "state" | "difference" | "sample" | "now" | "scan" | "unchanged">

const key = ["family", "ref_id", "view"]
const keyOf = (alias: string): string => `(${key.map((column) => `${alias}.${column}`).join(", ")})`

/**
 * The vectors copied from are locked until the copies are committed, so what changes them waits; it then finds the copies too: by
 * `wantVectors`, which writes all versions, or by the trigger of db's migration unwant_everywhere, which looks anew.
 */
const copySql = `
  with page as materialized (
    select v.family, v.ref_id, v.view from vector_entries v
    where v.store_id = $2 and v.embedding_version_id = $3 and v.workspace_id = $1 and v.wanted_hash is not null
      and ${keyOf("v")} > ($5, $6, $7) and v.family = any($9)
    order by ${key.map((each) => `v.${each}`).join(", ")} limit $8),
  source as (
    select v.* from page p join vector_entries v
      on v.store_id = $2 and ${keyOf("v")} = ${keyOf("p")} and v.embedding_version_id = $3
    where v.wanted_hash is not null and not exists (
      select from vector_entries c where c.store_id = $2 and ${keyOf("c")} = ${keyOf("p")} and c.embedding_version_id = $4
        and c.wanted_hash = v.wanted_hash offset 0)
    order by ${key.map((each) => `v.${each}`).join(", ")} for share of v),
  copied as (
    insert into vector_entries as c (store_id, family, ref_id, view, embedding_version_id, workspace_id, text_hash, metadata, wanted_hash)
    select $2, family, ref_id, view, $4, $1, text_hash, metadata, wanted_hash from source order by ${key.join(", ")}
    on conflict (store_id, family, ref_id, view, embedding_version_id) do update set ${wantedAnew("c")}
    where c.wanted_hash is distinct from excluded.wanted_hash returning 1)
  select (select count(*)::int from page) as seen, (select count(*)::int from copied) as copied, l.*
  from (values (1)) one left join lateral (
    select p.family, p.ref_id as "refId", p.view from page p order by ${key.map((each) => `p.${each} desc`).join(", ")} limit 1) l on true`

const stateSql = `
  select family, count(*) filter (where wanted_hash is not null)::int as wanted,
    count(*) filter (where wanted_hash = written_hash)::int as written,
    count(*) filter (where ${isOwed()})::int as owed, count(*) filter (where parked_reason is not null)::int as parked
  from vector_entries where workspace_id = $1 and store_id = $2 and embedding_version_id = $3 group by family order by family`

const differenceSql = `
  with a as (select family, ref_id, view, wanted_hash, parked_reason from vector_entries
             where workspace_id = $1 and store_id = $2 and embedding_version_id = $3 and wanted_hash is not null and family = any($5)),
  b as (select family, ref_id, view, wanted_hash, parked_reason from vector_entries
        where workspace_id = $1 and store_id = $2 and embedding_version_id = $4 and wanted_hash is not null and family = any($5))
  select count(*) filter (where a.wanted_hash is not null and b.wanted_hash is distinct from a.wanted_hash)::int as missing,
    count(*) filter (where a.wanted_hash is null)::int as extra,
    count(*) filter (where b.parked_reason is not null and a.parked_reason is null)::int as refused
  from a full join b using (family, ref_id, view)`

const written = `v.workspace_id = $1 and v.store_id = $2 and v.embedding_version_id = $3 and v.family = $4 and v.wanted_hash = v.written_hash`
const knownValues = `cross join lateral (
  select e.values from embedding_values e where e.workspace_id = $1 and e.model = $5 and e.text_hash = v.text_hash offset 0) e`

interface KnownRow extends VectorKey {
  readonly values: Buffer
}

/** Fills a version that is not read yet beside the one that is, a page at a time, and says how far it is. */
export const fillVersions = (database: Database): Fill => ({
  copy: (place, { from, to }, { after, max }) =>
    database.inWorkspace(place.workspaceId, async (tx) => {
      const [row] = await tx.query<{ seen: number; copied: number } & (VectorKey | { readonly family: null })>(
        copySql,
        [
          ...[place.workspaceId, place.storeId, from, to],
          ...[after?.family ?? "", after?.refId ?? "", after?.view ?? "", max, textFamilies],
        ],
      )
      const { seen, copied, ...last } = row!
      return { seen, copied, last: seen < max || last.family === null ? undefined : last }
    }),

  owed: (place, versionId) =>
    database.inWorkspace(place.workspaceId, async (tx) => {
      await tx.query(byPartialIndex)
      return owedTo(tx, place, versionId)
    }),

  state: (place, versionId) =>
    database.inWorkspace(place.workspaceId, (tx) =>
      tx.query<FamilyState>(stateSql, [place.workspaceId, place.storeId, versionId]),
    ),

  difference: (place, { from, to }) =>
    database.inWorkspace(place.workspaceId, async (tx) => {
      const rows = await tx.query<VersionDifference>(differenceSql, [
        ...[place.workspaceId, place.storeId, from, to, textFamilies],
      ])
      return rows[0]!
    }),

  sample: (place, version, family, max) =>
    database.inWorkspace(place.workspaceId, async (tx) =>
      known(
        await tx.query<KnownRow>(
          `select v.family, v.ref_id as "refId", v.view, e.values
           from (select * from vector_entries v where ${written} order by random() limit $6) v ${knownValues}`,
          parameters(version, family, max),
        ),
      ),
    ),

  now: (place) =>
    database.inWorkspace(place.workspaceId, async (tx) => (await tx.query<{ at: Date }>("select now() as at"))[0]!.at),

  unchanged: (place, version, keys, until) =>
    database.inWorkspace(place.workspaceId, async (tx) => {
      const rows = await tx.query(
        `select from unnest($4::text[], $5::text[], $6::text[]) as k(family, ref_id, view) join vector_entries v
           on v.store_id = $2 and ${keyOf("v")} = ${keyOf("k")} and v.embedding_version_id = $3
         where v.workspace_id = $1 and v.wanted_hash = v.written_hash and v.written_at <= $7`,
        [
          ...[place.workspaceId, place.storeId, version.id],
          ...[keys.map(({ family }) => family), keys.map(({ refId }) => refId), keys.map(({ view }) => view), until],
        ],
      )
      return rows.length
    }),

  scan: (place, version, family, { after, max, until }) =>
    database.inWorkspace(place.workspaceId, async (tx) =>
      known(
        await tx.query<KnownRow>(
          `select v.family, v.ref_id as "refId", v.view, e.values
           from (select * from vector_entries v where ${written} and (v.ref_id, v.view) > ($7, $8)
                   and v.written_at <= $9
                 order by v.ref_id, v.view limit $6) v ${knownValues} order by v.ref_id, v.view`,
          [...parameters(version, family, max), after?.refId ?? "", after?.view ?? "", until],
        ),
      ),
    ),
})

const parameters = (version: StoredVersion, family: string, max: number): unknown[] => [
  version.workspaceId,
  version.storeId,
  version.id,
  family,
  modelKey(version.model),
  max,
]

const known = (rows: readonly KnownRow[]): KnownVector[] =>
  rows.map((row) => ({ ...row, values: floatsOf(row.values) }))
