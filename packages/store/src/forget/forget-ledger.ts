import type { ForgetCounts, ForgetLedger, ForgetScope, NamedDocument } from "@engram/contracts/forget"
import type { DocumentId, StoreId } from "@engram/contracts/ids"
import { newAuditId, writeAudit } from "../audit-log.ts"
import type { Database } from "../database.ts"
import { inWorkspaceUnlessHeld } from "../legal-hold.ts"
import type { Transaction } from "../transaction.ts"
import { createByteForgetting } from "./bytes.ts"
import { createMemoryForgetting, endMemories } from "./memories.ts"
import { createPeopleForgetting } from "./people.ts"
import { createForgettingProof } from "./proof.ts"
import { dropOrphanValues, removeDocuments } from "./remove-documents.ts"
import { removeRest } from "./remove-rest.ts"

const named = `d.id, d.store_id as "storeId", d.source, d.source_id as "sourceId",
  json_build_object('type', a.alias_type, 'value', a.value) as alias`

const documentsOf = (scope: ForgetScope): readonly [condition: string, value: unknown] => {
  if ("documents" in scope) return ["id = any($2)", scope.documents]
  if ("source" in scope) return ["source = any($2)", [scope.source]]
  return ["$2::text[] is not null", []]
}

/** Runs as `engram_app` in the one workspace: row-level security holds for who forgets as for everybody. */
export const createForgetLedger = (database: Database): ForgetLedger => {
  const inside = database.inWorkspace
  return {
    ...createPeopleForgetting(database),
    ...createByteForgetting(database),
    ...createForgettingProof(database),
    ...createMemoryForgetting(database),

    documentsNamed: (workspaceId, name) =>
      inside(workspaceId, (tx) =>
        tx.query<NamedDocument>(
          `select ${named} from knowledge_documents d join entity_aliases a on a.id = d.alias_id
           where d.workspace_id = $1 and (d.id = $2 or d.url = $2 or d.source || ':' || d.source_id = $2) order by d.id`,
          [workspaceId, name],
        ),
      ),

    documentKeys: (workspaceId, ids) =>
      inside(workspaceId, (tx) =>
        tx.query<NamedDocument>(
          `select ${named} from knowledge_documents d join entity_aliases a on a.id = d.alias_id
           where d.workspace_id = $1 and d.id = any($2) order by d.id`,
          [workspaceId, ids],
        ),
      ),

    census: (workspaceId, scope) => inside(workspaceId, (tx) => census(tx, workspaceId, scope)),

    begin: (workspaceId, { id, kind, suppressions, documents, actor }) =>
      inWorkspaceUnlessHeld(database, workspaceId, async (tx) => {
        if (suppressions.some((each) => each.kind === "workspace")) await endMemories(tx, workspaceId)
        // Whoever writes knowledge holds its store's versions shared from before it asks what is forgotten.
        await tx.query("select from embedding_versions where workspace_id = $1 order by id for update", [workspaceId])
        const made = await tx.query(
          "insert into forgettings (id, workspace_id, kind) values ($1, $2, $3) on conflict do nothing returning id",
          [id, workspaceId, kind],
        )
        await tx.query(
          `insert into suppressions (workspace_id, kind, hash, key_id, forgetting_id)
           select $1, k.kind, k.hash, k."keyId", $2 from json_to_recordset($3) as k(kind text, hash text, "keyId" text)
           on conflict do nothing`,
          [workspaceId, id, JSON.stringify(suppressions)],
        )
        await tx.query(
          `insert into forgotten_refs (forgetting_id, workspace_id, kind, ref)
           select $1, $2, 'document', t.id from unnest($3::text[]) as t(id) on conflict do nothing`,
          [id, workspaceId, documents],
        )
        if (made.length > 0) {
          const entry = { actor, action: `forget.${kind}`, subjects: [id], detail: {} }
          await writeAudit(tx, workspaceId, { id: newAuditId(), ...entry, undoes: null })
        }
        return { resumed: made.length === 0 }
      }),

    nextDocuments: (workspaceId, scope, max) =>
      inside(workspaceId, async (tx) => {
        const [condition, value] = documentsOf(scope)
        const rows = await tx.query<{ id: DocumentId }>(
          `select id from knowledge_documents where workspace_id = $1 and ${condition} order by id limit $3`,
          [workspaceId, value, max],
        )
        return rows.map(({ id }) => id)
      }),

    removeDocuments: (workspaceId, forgettingId, ids, { replay }) =>
      inWorkspaceUnlessHeld(database, workspaceId, (tx) =>
        removeDocuments(tx, { workspaceId, forgettingId, replay }, ids),
      ),

    removeRest: (workspaceId, forgettingId, scope, { replay }) =>
      inWorkspaceUnlessHeld(database, workspaceId, (tx) =>
        removeRest(tx, { workspaceId, forgettingId, replay }, scope),
      ),

    dropOrphanValues: (workspaceId) => inside(workspaceId, (tx) => dropOrphanValues(tx, workspaceId)),

    finish: (workspaceId, id, counts) =>
      inside(workspaceId, async (tx) => {
        const [row] = await tx.query<{ kind: string }>(
          `update forgettings f set done_at = coalesce(done_at, now()),
             counts = (select coalesce(jsonb_object_agg(k.key, coalesce((f.counts->>k.key)::int, 0) + k.value::int), '{}') || 
                              coalesce((select jsonb_object_agg(o.key, o.value) from jsonb_each(f.counts) o where not $3::jsonb ? o.key), '{}')
                       from jsonb_each_text($3::jsonb) k)
           where workspace_id = $1 and id = $2 returning kind`,
          [workspaceId, id, JSON.stringify(counts)],
        )
        if (row && Object.values(counts).some((count) => count > 0)) {
          const entry = { actor: "engram forget", action: `forget.${row.kind}.done`, subjects: [id], detail: counts }
          await writeAudit(tx, workspaceId, { id: newAuditId(), ...entry, undoes: null })
        }
      }),

    noteRewritten: (workspaceId, id, ids) =>
      inside(workspaceId, async (tx) => {
        await tx.query(
          `insert into forgotten_refs (forgetting_id, workspace_id, kind, ref, version)
           select $2, $1, 'rewritten', d.id, d.version from knowledge_documents d where d.workspace_id = $1 and d.id = any($3)
           on conflict (forgetting_id, kind, ref) do update set version = greatest(forgotten_refs.version, excluded.version)`,
          [workspaceId, id, ids],
        )
      }),

    lanes: (workspaceId) =>
      inside(workspaceId, (tx) =>
        tx.query<{ workspaceId: string; storeId: StoreId }>(
          `select workspace_id as "workspaceId", id as "storeId" from stores where workspace_id = $1 order by id`,
          [workspaceId],
        ),
      ),
  }
}

async function census(tx: Transaction, workspaceId: string, scope: ForgetScope): Promise<ForgetCounts> {
  const [condition, value] = documentsOf(scope)
  const source = "source" in scope ? [scope.source] : []
  const all = "documents" in scope ? "false" : "($3::text[] = '{}' or source = any($3))"
  const [row] = await tx.query<Record<string, number>>(
    `with docs as (select id from knowledge_documents where workspace_id = $1 and ${condition})
     select (select count(*)::int from docs) as documents,
       (select count(*)::int from knowledge_chunks where workspace_id = $1 and document_id in (select id from docs)) as chunks,
       (select count(*)::int from memory_observations where workspace_id = $1
          and (document_id in (select id from docs) or ${all})) as observations,
       (select count(distinct id)::int from ingest_deliveries where workspace_id = $1 and (${all} or id in
          (select delivery_id from document_deliveries where workspace_id = $1 and document_id in (select id from docs)))) as deliveries,
       cardinality($3::text[]) * 0 as zero`,
    [workspaceId, value, source],
  )
  const { zero: _, ...counts } = row!
  return counts
}
