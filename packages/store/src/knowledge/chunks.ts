import type { KnowledgeWrite } from "@engram/contracts/knowledge"
import { storableJson } from "../storable-json.ts"
import type { Transaction } from "../transaction.ts"
import { isOwed, unwant } from "./vectors.ts"

type Chunks = Pick<
  KnowledgeWrite,
  "currentChunks" | "saveChunks" | "placeChunks" | "supersedeChunks" | "removeChunks" | "showComplete"
>

export const writeChunks = (tx: Transaction, workspaceId: string): Chunks => ({
  currentChunks: (documentIds) =>
    tx.query(
      `select id, document_id as "documentId", part_id as "partId", position, section, occurred_at as "occurredAt" from knowledge_chunks
       where workspace_id = $1 and document_id = any($2) and version_to is null`,
      [workspaceId, documentIds],
    ),

  saveChunks: async (rows) => {
    tx.sendRows(
      "knowledge_chunks",
      rows.map((row) => ({ ...row, workspaceId })),
      "on conflict (id) do update set version_to = null, part_id = excluded.part_id, position = excluded.position, section = excluded.section, occurred_at = excluded.occurred_at",
    )
  },

  placeChunks: async (rows) => {
    if (rows.length === 0) return
    tx.send(
      `update knowledge_chunks c set part_id = r."partId", position = r.position, section = r.section, occurred_at = r."occurredAt"
       from json_to_recordset($1) as r(id text, "partId" text, position int, section text, "occurredAt" timestamptz) where c.id = r.id`,
      [storableJson(rows)],
    )
  },

  supersedeChunks: async (rows) => {
    if (rows.length === 0) return
    tx.send(
      `update knowledge_chunks c set version_to = r."versionTo"
       from json_to_recordset($1) as r(id text, "versionTo" int) where c.id = r.id`,
      [JSON.stringify(rows)],
    )
  },

  removeChunks: async (documentIds) => {
    tx.send(
      `with gone as (delete from knowledge_chunks where workspace_id = $1 and document_id = any($2) returning store_id, id)
       ${unwant("chunks")}`,
      [workspaceId, documentIds],
    )
  },

  showComplete: async (documentIds) => {
    await showComplete(tx, workspaceId, documentIds)
  },
})

/**
 * Flips `indexedVersion` where no chunk of the newest version is owed a vector in the active version, and lets superseded
 * chunks go. Returns when the oldest delivery behind each flip was accepted.
 */
export async function showComplete(
  tx: Transaction,
  workspaceId: string,
  documentIds: readonly string[],
): Promise<{ acceptedAt: number }[]> {
  if (documentIds.length === 0) return []
  const shown = await tx.query<{ id: string; pendingSince: Date | null }>(
    `update knowledge_documents d set indexed_version = d.version, pending_since = null
     from (select id, pending_since from knowledge_documents where id = any($1) order by id for update) old
     where d.id = old.id and d.indexed_version < d.version and not exists (
       select from knowledge_chunks c
       where c.workspace_id = $2 and c.document_id = d.id and c.version_to is null and exists (
         select from vector_entries v join embedding_versions e on e.id = v.embedding_version_id and e.status = 'active'
         where v.store_id = c.store_id and v.family = 'chunks' and v.ref_id = c.id
           and ${isOwed("v.")} offset 0) offset 0)
     returning d.id, old.pending_since as "pendingSince"`,
    [documentIds, workspaceId],
  )
  if (shown.length === 0) return []
  tx.send(
    `with gone as (delete from knowledge_chunks c where workspace_id = $1 and document_id = any($2) and version_to is not null
                   returning store_id, id)
     ${unwant("chunks")}`,
    [workspaceId, shown.map((row) => row.id)],
  )
  return shown.flatMap((row) => (row.pendingSince === null ? [] : [{ acceptedAt: row.pendingSince.getTime() }]))
}
