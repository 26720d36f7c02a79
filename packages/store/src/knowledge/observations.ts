import type { ObservationId } from "@engram/contracts/ids"
import type { KnowledgeWrite, ObservationRow } from "@engram/contracts/knowledge"
import type { Transaction } from "../transaction.ts"
import { setEvidenceLive } from "./evidence-sums.ts"
import { unwant, unwanted } from "./vectors.ts"

type Observations = Pick<KnowledgeWrite, "saveObservations" | "keepViews" | "keepStatements" | "setMomentsLive">

export const observationColumns = `id, store_id as "storeId", source, class, kind, document_id as "documentId", part_id as "partId",
  thing_alias_id as "thingAliasId", scope_id as "scopeId", occurred_at as "occurredAt", title, summary, text, url, importance,
  tags, subject_alias_ids as "subjectAliasIds", content_hash as "contentHash", live`

export const writeObservations = (tx: Transaction, workspaceId: string): Observations => ({
  saveObservations: async (rows) => {
    const written = await tx.insert<{ id: ObservationId }>(
      "memory_observations",
      rows.map((row) => ({ ...row, workspaceId })).sort((a, b) => (a.id < b.id ? -1 : 1)),
      `on conflict (id) do update set
         occurred_at = excluded.occurred_at, scope_id = excluded.scope_id, title = excluded.title, summary = excluded.summary, text = excluded.text, url = excluded.url,
         importance = excluded.importance, tags = excluded.tags, subject_alias_ids = excluded.subject_alias_ids,
         content_hash = excluded.content_hash, live = excluded.live
       where excluded.content_hash > memory_observations.content_hash
          or (excluded.content_hash = memory_observations.content_hash and excluded.live <> memory_observations.live)
          or memory_observations.class = 'statement' and (excluded.content_hash, excluded.scope_id)
             is distinct from (memory_observations.content_hash, memory_observations.scope_id)
       returning id`,
    )
    return written.map((row) => row.id)
  },

  keepViews: async (rows) => {
    if (rows.length === 0) return
    tx.send(
      `update vector_entries v set ${unwanted}
       where v.workspace_id = $1 and v.store_id = any($2) and v.family = 'observations' and v.ref_id = any($3) and v.wanted_hash is not null
         and not exists (select from unnest($3::text[], $4::text[]) as k(ref_id, view) where (k.ref_id, k.view) = (v.ref_id, v.view))`,
      [
        workspaceId,
        [...new Set(rows.map((row) => row.storeId))],
        rows.map((row) => row.refId),
        rows.map((row) => row.view),
      ],
    )
  },

  keepStatements: async (documentIds, keep) => {
    if (documentIds.length === 0) return
    tx.send(
      // A text that was edited away or removed is not kept here either. Said again, the row is written anew: the hash differs.
      `with gone as (update memory_observations set live = false, title = null, summary = null, text = '', content_hash = ''
                     where workspace_id = $1 and document_id = any($2) and class = 'statement' and live and id <> all($3)
                     returning store_id, id)
       ${unwant("observations")}`,
      [workspaceId, documentIds, keep],
    )
  },

  setMomentsLive: async (documentIds, live) => {
    if (documentIds.length === 0) return []
    const changed = await tx.query<ObservationRow>(
      `update memory_observations set live = $3
       where workspace_id = $1 and document_id = any($2) and class = 'moment' and live <> $3 returning ${observationColumns}`,
      [workspaceId, documentIds, live],
    )
    const ids = changed.map((row) => row.id)
    await setEvidenceLive(tx, workspaceId, ids, live)
    if (live) return changed
    tx.send(
      `with gone as (select store_id, id from memory_observations where id = any($1)) ${unwant("observations")}`,
      [changed.map((row) => row.id)],
    )
    return []
  },
})
