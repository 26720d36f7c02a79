import type { DocumentId } from "@engram/contracts/ids"
import type { KnowledgeWrite, StoredDocument } from "@engram/contracts/knowledge"
import { storableJson } from "../storable-json.ts"
import type { Transaction } from "../transaction.ts"

type Documents = Pick<
  KnowledgeWrite,
  | "lockDocuments"
  | "addDocuments"
  | "saveDocuments"
  | "saveParts"
  | "removeParts"
  | "hideDocuments"
  | "goneDocuments"
  | "linkDeliveries"
  | "closeDeliveries"
>

export const writeDocuments = (tx: Transaction, workspaceId: string): Documents => ({
  lockDocuments: async (keys, besides = []) => {
    const ids = [...new Set([...keys.map((key) => key.id), ...besides])].sort()
    if (ids.length === 0) return []
    // What is not there yet has no row to lock. Rows are locked as well, since others than these batches change them. In statements of
    // their own, so that the last one sees what they waited for.
    tx.send("select pg_advisory_xact_lock(hashtextextended(id, 0)) from unnest($1::text[]) as t(id) order by id", [ids])
    tx.send("select from knowledge_documents where id = any($1) order by id for update", [ids])
    const known = await tx.query<StoredDocument>(
      `select d.id, d.store_id as "storeId", d.source, d.source_id as "sourceId", d.alias_id as "aliasId", d.version, d.content_hash as "contentHash", d.live, d.kind, d.importance, d.labels,
              coalesce((select json_agg(p.state) from document_parts p where p.document_id = d.id), '[]') as parts
       from knowledge_documents d where d.id = any($1)`,
      [keys.map((key) => key.id)],
    )
    const byId = new Map(known.map((document) => [document.id, document]))
    return keys.map((key) => byId.get(key.id) ?? { ...nothingYet, ...key })
  },

  addDocuments: async (keys) => {
    tx.sendRows(
      "knowledge_documents",
      keys.map(({ id, storeId, source, sourceId, aliasId }) => ({
        id,
        storeId,
        source,
        sourceId,
        aliasId,
        workspaceId,
      })),
      "on conflict do nothing",
    )
  },

  saveDocuments: async (rows) => {
    tx.sendRows(
      "knowledge_documents",
      rows.map((row) => ({ ...row, live: true, workspaceId })).sort(by((row) => row.id)),
      `on conflict (id) do update set
         kind = excluded.kind, title = excluded.title, state = excluded.state, url = excluded.url, scope_id = excluded.scope_id,
         author_alias_id = excluded.author_alias_id, occurred_at = excluded.occurred_at, importance = excluded.importance,
         labels = excluded.labels, metadata = excluded.metadata, content_hash = excluded.content_hash,
         version = excluded.version, live = true,
         pending_since = least(knowledge_documents.pending_since, excluded.pending_since), updated_at = now()`,
    )
  },

  saveParts: async (rows) => {
    tx.sendRows(
      "document_parts",
      rows.map((row) => ({ ...row, workspaceId })).sort(by((row) => `${row.documentId} ${row.partId}`)),
      "on conflict (document_id, part_id) do update set state = excluded.state",
    )
  },

  removeParts: async (rows) => {
    if (rows.length === 0) return
    tx.send(
      `delete from document_parts p using json_to_recordset($1) as r("documentId" text, "partId" text)
       where p.document_id = r."documentId" and p.part_id = r."partId"`,
      [JSON.stringify(rows)],
    )
  },

  hideDocuments: async (rows) => {
    if (rows.length === 0) return
    tx.send(
      `update knowledge_documents d set
         title = '', state = null, url = null, author_alias_id = null, labels = '{}', metadata = '{}', content_hash = '',
         version = r.version, indexed_version = r.version, live = false, pending_since = null, updated_at = now()
       from json_to_recordset($1) as r(id text, version int) where d.id = r.id`,
      [JSON.stringify(rows)],
    )
  },

  goneDocuments: async (ids) => {
    if (ids.length === 0) return []
    const rows = await tx.query<{ id: DocumentId }>(
      "select id from knowledge_documents where id = any($1) and not live",
      [ids],
    )
    return rows.map((row) => row.id)
  },

  linkDeliveries: async (rows) => {
    tx.sendRows(
      "document_deliveries",
      rows.map((row) => ({ ...row, workspaceId })),
      "on conflict do nothing",
    )
  },

  closeDeliveries: (ends) => closeDeliveries(tx, ends),
})

const nothingYet = { version: 0, contentHash: "", live: false, kind: "", importance: 0, labels: [], parts: [] }

export async function closeDeliveries(
  tx: Transaction,
  ends: Parameters<KnowledgeWrite["closeDeliveries"]>[0],
): Promise<void> {
  if (ends.length === 0) return
  tx.send(
    `update ingest_deliveries d set state = r.state, reason = r.reason, finished_at = now(), claimed_until = null
     from json_to_recordset($1) as r(id text, state text, reason text) where d.id = r.id and d.state = 'received'`,
    [storableJson(ends)],
  )
}

const by =
  <Row>(key: (row: Row) => string) =>
  (a: Row, b: Row): number =>
    key(a) < key(b) ? -1 : 1
