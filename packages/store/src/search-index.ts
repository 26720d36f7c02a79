import type { KnowledgeFamily } from "@engram/contracts/knowledge"
import type { HitRow, Reader, RecentVector, SearchIndex, SearchRequest } from "@engram/contracts/search"
import { createSubjects } from "./consolidation/subjects.ts"
import type { Database } from "./database.ts"
import { floatsOf, modelKey } from "./embedding-values.ts"
import { openVersions } from "./knowledge/vectors.ts"
import { isReadable } from "./readable.ts"

// $1 workspace, $2 store, $3 and $4 as each statement says, $5 granted scopes or null for all, $6 sources, $7 kinds, $8 since and $9 until in ms

const readable = (scope: string, granted = "$5"): string => isReadable(scope, granted)

const wanted = (source: string, kind: string, at: string): string => `
  ($6::text[] is null or ${source} = any($6)) and ($7::text[] is null or ${kind} = any($7))
  and ($8::float8 is null or ${at} >= to_timestamp($8::float8 / 1000)) and ($9::float8 is null or ${at} <= to_timestamp($9::float8 / 1000))`

interface FamilySql {
  readonly columns: string
  readonly from: string
  readonly alias: string
  /** What counts as one hit. */
  readonly key: string
  /** Live for full text, and live for vectors. */
  readonly byText: string
  readonly byVector: string
  readonly conditions: string
}

const chunks: FamilySql = {
  columns: `'chunk' as type, c.id, d.id as "documentId", d.title, d.kind, d.source, d.state, c.section, c.text as passage, d.url,
            c.occurred_at as "occurredAt", null as evidence`,
  from: "knowledge_chunks c join knowledge_documents d on d.id = c.document_id left join scopes s on s.id = d.scope_id",
  alias: "c",
  key: "c.document_id",
  byText: "d.live and c.version_to is null",
  byVector:
    "d.live and c.version_from <= d.indexed_version and (c.version_to is null or c.version_to > d.indexed_version)",
  conditions: `${readable("s")} and ${wanted("d.source", "d.kind", "c.occurred_at")}`,
}

const observations: FamilySql = {
  columns: `'observation' as type, o.id, o.document_id as "documentId", coalesce(o.title, d.title, '') as title, o.kind, o.source,
            d.state, null as section, o.text as passage, coalesce(o.url, d.url) as url, o.occurred_at as "occurredAt", null as evidence`,
  from: `memory_observations o left join scopes s on s.id = o.scope_id
         left join knowledge_documents d on d.id = o.document_id left join scopes ds on ds.id = d.scope_id`,
  alias: "o",
  key: "coalesce(o.document_id, o.id)",
  byText: "o.live",
  byVector: "o.live",
  // The hit shows its document's title and state, so the reader must be one of the document's too.
  conditions: `${readable("s")} and (d.scope_id is null or ${readable("ds")}) and ${wanted("o.source", "o.kind", "o.occurred_at")}`,
}

/** Readable scopes of all that it was written from, and all that it cites still there: so what was deleted or made private hides at once. */
const rests = (granted?: string): string => `
  not exists (select from unnest(m.scope_ids) as k(id) left join scopes s on s.id = k.id where not coalesce(${readable("s", granted)}, false))`
const summaries: FamilySql = {
  columns: `'summary' as type, m.id, null as "documentId", m.title, 'summary' as kind, 'engram' as source, null as state, null as section,
            m.text as passage, null as url, m.occurred_at as "occurredAt", (
              select json_agg(json_build_object('id', o.id, 'text', left(o.text, 320), 'url', coalesce(o.url, d.url),
                       'occurredAt', to_char(o.occurred_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by c.place)
              from unnest(m.cited_ids) with ordinality as c(id, place) join memory_observations o on o.id = c.id
              left join knowledge_documents d on d.id = o.document_id) as evidence`,
  from: "memory_summaries m",
  alias: "m",
  key: "m.id",
  byText: "true",
  byVector: "true",
  conditions: `$6::text[] is null and ${wanted("'engram'", "'summary'", "m.occurred_at")} and ${rests()}
    and not exists (select from unnest(m.cited_ids) as c(id) left join memory_observations o on o.id = c.id left join scopes s on s.id = o.scope_id
      left join knowledge_documents d on d.id = o.document_id left join scopes ds on ds.id = d.scope_id
      where o.id is null or not o.live or not coalesce(${readable("s")}, false) or d.scope_id is not null and not coalesce(${readable("ds")}, false))`,
}

// A question rarely has all its words in one passage, so any word matches and rank decides. What plainto_tsquery writes is
// quoted words with ' & ' between them; a word may hold an ampersand, as that of a URL does, but never a space. The function
// (db's migration find_text_by_index) uses the text index, which row-level security would keep from us.
const matchingSql = ({ from, alias, key, byText, conditions }: FamilySql, matches: string): string => `
  select id from (
    select distinct on (${key}) ${alias}.id, f.rank
    from (select nullif(replace(plainto_tsquery('english', $3)::text, ''' & ''', ''' | '''), '')::tsquery as query) q
    cross join lateral ${matches}($2, q.query) f, ${from}
    where ${alias}.id = f.id and ${alias}.workspace_id = $1 and ${alias}.store_id = $2 and ${byText} and ${conditions}
    order by ${key}, f.rank desc, ${alias}.id) best
  order by rank desc, id limit $4`

const rowsSql = ({ columns, from, alias, byText, byVector, conditions }: FamilySql): string => `
  select ${columns} from ${from}
  where ${alias}.workspace_id = $1 and ${alias}.store_id = $2 and ${conditions}
    and ((${alias}.id = any($3) and ${byText}) or (${alias}.id = any($4) and ${byVector}))`

const sql: Record<KnowledgeFamily, { readonly matching: string; readonly rows: string }> = {
  chunks: { matching: matchingSql(chunks, "engram_matching_chunks"), rows: rowsSql(chunks) },
  observations: { matching: matchingSql(observations, "engram_matching_observations"), rows: rowsSql(observations) },
  summaries: { matching: matchingSql(summaries, "engram_matching_summaries"), rows: rowsSql(summaries) },
}

// $1 workspace, $2 store, $3 ids, $4 granted scopes or null for all
const profilesSql = `
  select m.id, m.entity_id as "entityId" from memory_profiles m
  where m.workspace_id = $1 and m.store_id = $2 and m.id = any($3) and ${rests("$4")}`

// $1 workspace, $2 entities, $3 ids of documents, observations and summaries
const aboutSql = `
  with names as (
    select a.id as alias_id, e.id as entity_id from unnest($2::text[]) as e(id)
    join entity_aliases a on a.workspace_id = $1 and (a.entity_id = e.id or a.id = e.id and a.entity_id is null
      or a.entity_id in (select c.id from accounts c where c.workspace_id = $1 and c.person_id = e.id)))
  select d.document_id as id, n.entity_id as "entityId" from document_entities d join names n on n.alias_id = d.alias_id
  where d.workspace_id = $1 and d.document_id = any($3)
  union select o.id, n.entity_id from memory_observations o join names n on n.alias_id = any(o.subject_alias_ids)
  where o.workspace_id = $1 and o.id = any($3)
  union select m.id, m.entity_id from memory_summaries m where m.workspace_id = $1 and m.id = any($3) and m.entity_id = any($2)`

export const createSearchIndex = (database: Database): SearchIndex => {
  const { subjects } = createSubjects(database)
  return indexOf(database, subjects)
}

const indexOf = (database: Database, subjects: ReturnType<typeof createSubjects>["subjects"]): SearchIndex => ({
  matching: (reader, family, request, max) =>
    database.inWorkspace(reader.workspaceId, async (tx) => {
      const rows = await tx.query<{ id: string }>(sql[family].matching, [
        reader.workspaceId,
        reader.storeId,
        request.query,
        max,
        ...conditions(reader, request),
      ])
      return rows.map((row) => row.id)
    }),

  activeVersion: (lane) =>
    database.inWorkspace(lane.workspaceId, async (tx) =>
      (await openVersions(tx, lane.storeId)).find((version) => version.status === "active"),
    ),

  recentVectors: (reader, request, version, family, sinceMs, max) =>
    database.inWorkspace(reader.workspaceId, async (tx) => {
      const rows = await tx.query<{ id: string; values: Buffer }>(
        `select v.ref_id as id, e.values from vector_entries v
         join embedding_values e on e.workspace_id = $1 and e.model = $4 and e.text_hash = v.text_hash
         where v.workspace_id = $1 and v.store_id = $2 and v.embedding_version_id = $3 and v.family = $5
           and v.wanted_hash is not null and v.written_at > now() - make_interval(secs => $6 / 1000.0)
           and ($8::text[] is null or v.metadata->>'source' = any($8)) and ($9::text[] is null or v.metadata->>'type' = any($9))
           and ($10::float8 is null or (v.metadata->>'occurredAt')::float8 >= $10)
           and ($11::float8 is null or (v.metadata->>'occurredAt')::float8 <= $11)
         order by v.written_at desc limit $7`,
        [
          ...[reader.workspaceId, reader.storeId, version.id, modelKey(version.model), family, sinceMs, max],
          ...facets(request),
        ],
      )
      return rows.map((row): RecentVector => ({ id: row.id, values: floatsOf(row.values) }))
    }),

  rows: (reader, request, { family, byText, byVector }) =>
    database.inWorkspace(reader.workspaceId, async (tx) => {
      const rows = await tx.query<Omit<HitRow, "occurredAt"> & { occurredAt: Date }>(sql[family].rows, [
        reader.workspaceId,
        reader.storeId,
        byText,
        byVector,
        ...conditions(reader, request),
      ])
      return rows.map((row) => ({ ...row, occurredAt: row.occurredAt.toISOString() }))
    }),

  profiles: async (reader, ids) => {
    const granted = reader.scopeIds === "all" ? null : reader.scopeIds
    const rows = await database.inWorkspace(reader.workspaceId, (tx) =>
      tx.query<{ id: string; entityId: string }>(profilesSql, [reader.workspaceId, reader.storeId, ids, granted]),
    )
    const names = await subjects(
      reader.workspaceId,
      rows.map(({ entityId }) => entityId),
    )
    return rows.map((row) => ({ ...row, entity: names.get(row.entityId)?.name ?? "" }))
  },

  about: (reader, entityIds, ids) =>
    database.inWorkspace(reader.workspaceId, (tx) => tx.query(aboutSql, [reader.workspaceId, entityIds, ids])),
})

const conditions = (reader: Reader, request: SearchRequest): unknown[] => [
  reader.scopeIds === "all" ? null : reader.scopeIds,
  ...facets(request),
]

/** Times go as numbers: Postgres reads fewer years and offsets than RFC 3339 has. */
const facets = ({ sources, kinds, since, until }: SearchRequest): unknown[] => [
  sources ?? null,
  kinds ?? null,
  since === undefined ? null : Date.parse(since),
  until === undefined ? null : Date.parse(until),
]
