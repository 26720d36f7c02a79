import type { KnowledgeFamily } from "@engram/contracts/knowledge"
import type { HitRow, Reader, RecentVector, SearchIndex, SearchRequest } from "@engram/contracts/search"
import type { Database } from "./database.ts"
import { floatsOf, modelKey } from "./embedding-values.ts"
import { openVersions } from "./knowledge/vectors.ts"

// $1 workspace, $2 store, $3 and $4 as each statement says, $5 granted scopes or null for all, $6 sources, $7 kinds, $8 since and $9 until in ms

/** The whole workspace may read it, or the reader was granted its scope. A scope that is not known is nobody's, one that is gone hides all. */
const readable = (scope: string): string =>
  `(${scope}.live is not false and ($5::text[] is null or ${scope}.privacy = 'org' or ${scope}.id = any($5)))`

const wanted = (source: string, kind: string, at: string): string => `
  ($6::text[] is null or ${source} = any($6)) and ($7::text[] is null or ${kind} = any($7))
  and ($8::float8 is null or ${at} >= to_timestamp($8::float8 / 1000)) and ($9::float8 is null or ${at} <= to_timestamp($9::float8 / 1000))`

interface FamilySql {
  readonly columns: string
  readonly from: string
  readonly alias: string
  /** Live for full text, and live for vectors. */
  readonly byText: string
  readonly byVector: string
  readonly conditions: string
}

const chunks: FamilySql = {
  columns: `'chunk' as type, c.id, d.id as "documentId", d.title, d.kind, d.source, d.state, c.section, c.text as passage, d.url,
            c.occurred_at as "occurredAt"`,
  from: "knowledge_chunks c join knowledge_documents d on d.id = c.document_id left join scopes s on s.id = d.scope_id",
  alias: "c",
  byText: "d.live and c.version_to is null",
  byVector:
    "d.live and c.version_from <= d.indexed_version and (c.version_to is null or c.version_to > d.indexed_version)",
  conditions: `${readable("s")} and ${wanted("d.source", "d.kind", "c.occurred_at")}`,
}

const observations: FamilySql = {
  columns: `'observation' as type, o.id, o.document_id as "documentId", coalesce(o.title, d.title, '') as title, o.kind, o.source,
            d.state, null as section, o.text as passage, coalesce(o.url, d.url) as url, o.occurred_at as "occurredAt"`,
  from: `memory_observations o left join scopes s on s.id = o.scope_id
         left join knowledge_documents d on d.id = o.document_id left join scopes ds on ds.id = d.scope_id`,
  alias: "o",
  byText: "o.live",
  byVector: "o.live",
  // The hit shows its document's title and state, so the reader must be one of the document's too.
  conditions: `${readable("s")} and (d.scope_id is null or ${readable("ds")}) and ${wanted("o.source", "o.kind", "o.occurred_at")}`,
}

// A question rarely has all its words in one passage, so any word matches and rank decides. What plainto_tsquery writes is
// quoted words with ' & ' between them; a word may hold an ampersand, as that of a URL does, but never a space. The function
// (db's migration find_text_by_index) uses the text index, which row-level security would keep from us.
const matchingSql = ({ from, alias, byText, conditions }: FamilySql, matches: string): string => `
  select id from (
    select distinct on (coalesce(${alias}.document_id, ${alias}.id)) ${alias}.id, m.rank
    from (select nullif(replace(plainto_tsquery('english', $3)::text, ''' & ''', ''' | '''), '')::tsquery as query) q
    cross join lateral ${matches}($2, q.query) m, ${from}
    where ${alias}.id = m.id and ${alias}.workspace_id = $1 and ${alias}.store_id = $2 and ${byText} and ${conditions}
    order by coalesce(${alias}.document_id, ${alias}.id), m.rank desc, ${alias}.id) best
  order by rank desc, id limit $4`

const rowsSql = ({ columns, from, alias, byText, byVector, conditions }: FamilySql): string => `
  select ${columns} from ${from}
  where ${alias}.workspace_id = $1 and ${alias}.store_id = $2 and ${conditions}
    and ((${alias}.id = any($3) and ${byText}) or (${alias}.id = any($4) and ${byVector}))`

const sql: Record<KnowledgeFamily, { readonly matching: string; readonly rows: string }> = {
  chunks: { matching: matchingSql(chunks, "engram_matching_chunks"), rows: rowsSql(chunks) },
  observations: { matching: matchingSql(observations, "engram_matching_observations"), rows: rowsSql(observations) },
}

export const createSearchIndex = (database: Database): SearchIndex => ({
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
