import type { DocumentId } from "@engram/contracts/ids"
import type { DocumentKeyRow, DocumentRow, KnowledgeWrite, StoredDocument } from "@engram/contracts/knowledge"
import type { Transaction } from "../database.ts"

type Documents = Pick<
  KnowledgeWrite,
  | "lockDocuments"
  | "saveParts"
  | "saveDocuments"
  | "hideDocuments"
  | "goneDocuments"
  | "replaceDocumentEntities"
  | "linkDeliveries"
  | "closeDeliveries"
>

export const writeDocuments = (tx: Transaction, workspaceId: string): Documents => ({
  lockDocuments: async (keys) => {
    if (keys.length === 0) return []
    const ids = await lock(tx, workspaceId, keys)
    return tx.query<StoredDocument>(
      `select d.id, d.store_id as "storeId", d.source, d.source_id as "sourceId", d.alias_id as "aliasId", d.version, d.content_hash as "contentHash", d.live, d.kind, d.importance, d.labels,
              coalesce((select json_agg(p.state) from document_parts p where p.document_id = d.id), '[]') as parts
       from knowledge_documents d where d.id = any($1)`,
      [ids],
    )
  },

  saveParts: async (rows) => {
    await tx.insert(
      "document_parts",
      rows.map((row) => ({ ...row, workspaceId })).sort(by((row) => `${row.documentId} ${row.partId}`)),
      "on conflict (document_id, part_id) do update set state = excluded.state",
    )
  },

  saveDocuments: async (rows: readonly DocumentRow[]) => {
    if (rows.length === 0) return
    await tx.query(
      `update knowledge_documents d set
         kind = r.kind, title = r.title, state = r.state, url = r.url, scope_id = r."scopeId",
         author_alias_id = r."authorAliasId", occurred_at = r."occurredAt", importance = r.importance, labels = r.labels,
         metadata = r.metadata, content_hash = r."contentHash", version = r.version, live = true,
         pending_since = least(d.pending_since, r."pendingSince"), updated_at = now()
       from json_to_recordset($1) as r(id text, kind text, title text, state text, url text, "scopeId" text,
         "authorAliasId" text, "occurredAt" timestamptz, importance real, labels text[], metadata jsonb,
         "contentHash" text, version int, "pendingSince" timestamptz)
       where d.id = r.id`,
      [JSON.stringify(rows)],
    )
  },

  hideDocuments: async (rows) => {
    if (rows.length === 0) return
    await tx.query(
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
      "select id from knowledge_documents where id = any($1) and not live order by id for share",
      [ids],
    )
    return rows.map((row) => row.id)
  },

  replaceDocumentEntities: async (documentIds, rows) => {
    const table = rows.map((row) => ({ ...row, workspaceId }))
    await tx.query(
      `delete from document_entities d where document_id = any($1)
       and not exists (select from json_populate_recordset(null::document_entities, $2) k
                       where (k.document_id, k.alias_id, k.role) = (d.document_id, d.alias_id, d.role))`,
      [
        documentIds,
        JSON.stringify(rows.map((r) => ({ document_id: r.documentId, alias_id: r.aliasId, role: r.role }))),
      ],
    )
    await tx.insert("document_entities", table, "on conflict do nothing")
  },

  linkDeliveries: async (rows) => {
    await tx.insert(
      "document_deliveries",
      rows.map((row) => ({ ...row, workspaceId })),
      "on conflict do nothing",
    )
  },

  closeDeliveries: (ends) => closeDeliveries(tx, ends),
})

/** Locks in one order, whatever the order of the keys; rows are made only where they are missing, since most are there. */
async function lock(tx: Transaction, workspaceId: string, keys: readonly DocumentKeyRow[]): Promise<string[]> {
  const ids = keys.map((key) => key.id).sort()
  const select = () =>
    tx.query<{ id: string }>("select id from knowledge_documents where id = any($1) order by id for update", [ids])
  const found = new Set((await select()).map((row) => row.id))
  const missing = keys.filter((key) => !found.has(key.id)).sort(by((key) => key.id))
  if (missing.length > 0) {
    await tx.insert(
      "knowledge_documents",
      missing.map((key) => ({ ...key, workspaceId })),
      "on conflict do nothing",
    )
    await select()
  }
  return ids
}

export async function closeDeliveries(
  tx: Transaction,
  ends: Parameters<KnowledgeWrite["closeDeliveries"]>[0],
): Promise<void> {
  if (ends.length === 0) return
  await tx.query(
    `update ingest_deliveries d set state = r.state, reason = r.reason, finished_at = now(), claimed_until = null
     from json_to_recordset($1) as r(id text, state text, reason text) where d.id = r.id and d.state = 'received'`,
    [JSON.stringify(ends)],
  )
}

const by =
  <Row>(key: (row: Row) => string) =>
  (a: Row, b: Row): number =>
    key(a) < key(b) ? -1 : 1
