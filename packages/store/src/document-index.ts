import type { DocumentEdition, DocumentIndex, DocumentObservation } from "@engram/contracts/documents"
import type { Reader } from "@engram/contracts/search"
import type { Database } from "./database.ts"
import { isReadable } from "./readable.ts"

const readable = isReadable("s", "$4")

const seen = `d.id = $1 and d.workspace_id = $2 and d.store_id = $3 and d.live and ${readable}`

const from = "knowledge_documents d left join scopes s on s.id = d.scope_id"

/** A timestamp as `Date.toISOString` writes it, so that it can be cached as JSON. */
const iso = (column: string): string => `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

const glanceSql = `select d.version, d.content_hash as "contentHash" from ${from} where ${seen}`

// A moment may belong to another scope than its document, so each is looked at by itself.
const observationsSql = `
  select o.id, o.class, o.kind, o.title, o.summary, o.text, o.url, o.importance, o.tags, ${iso("o.occurred_at")} as "occurredAt"
  from memory_observations o left join scopes s on s.id = o.scope_id
  where o.document_id = $1 and o.workspace_id = $2 and o.store_id = $3 and o.live
    and ${readable}
  order by o.occurred_at, o.id`

// One statement, so that head and passages are of one edition.
const contentSql = `
  select json_build_object('version', d.version, 'contentHash', d.content_hash) as edition,
         json_build_object('id', d.id, 'version', d.version, 'source', d.source, 'sourceId', d.source_id, 'kind', d.kind,
           'title', d.title, 'state', d.state, 'url', d.url, 'occurredAt', ${iso("d.occurred_at")}, 'importance', d.importance,
           'labels', d.labels, 'metadata', d.metadata) as head,
         coalesce((select json_agg(json_build_object('id', c.id, 'section', c.section, 'text', c.text,
                     'occurredAt', ${iso("c.occurred_at")}) order by c.position)
                   from knowledge_chunks c
                   where c.workspace_id = $2 and c.document_id = d.id and c.version_to is null), '[]') as chunks
  from ${from} where ${seen}`

export const createDocumentIndex = (database: Database): DocumentIndex => ({
  glance: (reader, id) =>
    database.inWorkspace(reader.workspaceId, async (tx) => {
      const [document] = await tx.query<DocumentEdition>(glanceSql, asked(reader, id))
      if (document === undefined) return undefined
      const observations = await tx.query<DocumentObservation>(observationsSql, asked(reader, id))
      return { ...document, observations }
    }),

  content: (reader, id) =>
    database.inWorkspace(reader.workspaceId, async (tx) => {
      const [row] = await tx.query<NonNullable<Awaited<ReturnType<DocumentIndex["content"]>>>>(
        contentSql,
        asked(reader, id),
      )
      return row
    }),
})

const asked = (reader: Reader, id: string): unknown[] => [
  id,
  reader.workspaceId,
  reader.storeId,
  reader.scopeIds === "all" ? null : reader.scopeIds,
]
