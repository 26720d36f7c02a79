import type { KnowledgeFamily } from "@engram/contracts/knowledge"
import type { HitRow, Reader, RecentVector, SearchIndex, SearchRequest } from "@engram/contracts/search"
import type { Database } from "./database.ts"
import { floatsOf, modelKey } from "./embedding-values.ts"
import { openVersions } from "./knowledge/vectors.ts"

// $1 workspace, $2 store, $3 and $4 as each statement says, $5 granted scopes or null for all, $6 sources, $7 kinds, $8 since, $9 until
const readable = `(s.privacy is distinct from 'private' or $5::text[] is null or s.id = any($5))
  and ($6::text[] is null or d_source = any($6)) and ($7::text[] is null or d_kind = any($7))
  and ($8::timestamptz is null or d_at >= $8) and ($9::timestamptz is null or d_at <= $9)`

const where = (source: string, kind: string, at: string): string =>
  readable.replaceAll("d_source", source).replaceAll("d_kind", kind).replaceAll("d_at", at)

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
  conditions: where("d.source", "d.kind", "c.occurred_at"),
}

const observations: FamilySql = {
  columns: `'observation' as type, o.id, o.document_id as "documentId", coalesce(o.title, d.title, '') as title, o.kind, o.source,
            d.state, null as section, o.text as passage, coalesce(o.url, d.url) as url, o.occurred_at as "occurredAt"`,
  from: "memory_observations o left join knowledge_documents d on d.id = o.document_id left join scopes s on s.id = o.scope_id",
  alias: "o",
  byText: "o.live",
  byVector: "o.live",
  conditions: where("o.source", "o.kind", "o.occurred_at"),
}

// A question rarely has all its words in one passage, so any word matches and rank decides.
const matchingSql = ({ from, alias, byText, conditions }: FamilySql): string => `
  select ${alias}.id from (select nullif(replace(plainto_tsquery('english', $3)::text, '&', '|'), '')::tsquery as query) q, ${from}
  where ${alias}.workspace_id = $1 and ${alias}.store_id = $2 and ${byText} and ${alias}.search @@ q.query and ${conditions}
  order by ts_rank_cd(${alias}.search, q.query, 1) desc, ${alias}.id limit $4`

const rowsSql = ({ columns, from, alias, byText, byVector, conditions }: FamilySql): string => `
  select ${columns} from ${from}
  where ${alias}.workspace_id = $1 and ${alias}.store_id = $2 and ${conditions}
    and ((${alias}.id = any($3) and ${byText}) or (${alias}.id = any($4) and ${byVector}))`

const sql: Record<KnowledgeFamily, { readonly matching: string; readonly rows: string }> = {
  chunks: { matching: matchingSql(chunks), rows: rowsSql(chunks) },
  observations: { matching: matchingSql(observations), rows: rowsSql(observations) },
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
      (await openVersions(tx, lane.storeId, "")).find((version) => version.status === "active"),
    ),

  recentVectors: (reader, version, family, sinceMs, max) =>
    database.inWorkspace(reader.workspaceId, async (tx) => {
      const rows = await tx.query<{ id: string; values: Buffer }>(
        `select v.ref_id as id, e.values from vector_entries v
         join embedding_values e on e.workspace_id = $1 and e.model = $4 and e.text_hash = v.text_hash
         where v.workspace_id = $1 and v.store_id = $2 and v.embedding_version_id = $3 and v.family = $5
           and v.wanted_hash is not null and v.written_at > now() - make_interval(secs => $6 / 1000.0)
         order by v.written_at desc limit $7`,
        [reader.workspaceId, reader.storeId, version.id, modelKey(version.model), family, sinceMs, max],
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
  request.sources ?? null,
  request.kinds ?? null,
  request.since ?? null,
  request.until ?? null,
]
