import type { ForgetCounts, ForgetLedger, ForgetScope, NamedDocument, VectorRef } from "@engram/contracts/forget"
import type { DocumentId, StoreId } from "@engram/contracts/ids"
import { newAuditId, writeAudit } from "../audit-log.ts"
import type { Database, Transaction } from "../database.ts"
import { assertNotHeld } from "../legal-hold.ts"
import { unpackBody } from "../packed-body.ts"
import { createPeopleForgetting } from "./people.ts"
import { dropOrphanValues, prunedTexts, removeDocuments } from "./remove-documents.ts"
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
  /** For what deletes: a legal hold is asked for in the same transaction. */
  const deleting = <T>(workspaceId: string, work: (tx: Transaction) => Promise<T>): Promise<T> =>
    inside(workspaceId, async (tx) => {
      await assertNotHeld(tx, workspaceId)
      return work(tx)
    })
  const refs = (workspaceId: string, forgettingId: string, kind: string) =>
    inside(workspaceId, (tx) =>
      tx.query<{ ref: string; version: number }>(
        "select ref, version from forgotten_refs where workspace_id = $1 and forgetting_id = $2 and kind = $3 order by ref",
        [workspaceId, forgettingId, kind],
      ),
    )
  return {
    ...createPeopleForgetting(database),

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
      deleting(workspaceId, async (tx) => {
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

    withoutBytes: (workspaceId, scope) =>
      inside(workspaceId, async (tx) => {
        const [row] = await tx.query<{ n: number }>(
          `select count(*)::int as n from ingest_deliveries where workspace_id = $1 and state = 'processed' and body is null
             and artifact_key is null and not forget_raw and ($2::text is null or source = $2)`,
          [workspaceId, "source" in scope ? scope.source : null],
        )
        return row!.n
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
      deleting(workspaceId, (tx) => removeDocuments(tx, { workspaceId, forgettingId, replay }, ids)),

    removeRest: (workspaceId, forgettingId, scope, { replay }) =>
      deleting(workspaceId, (tx) => removeRest(tx, { workspaceId, forgettingId, replay }, scope)),

    deliveriesWithBytes: (workspaceId, after, max) =>
      inside(workspaceId, async (tx) => {
        const rows = await tx.query<{ id: string; body: Buffer | null; bytes: number; artifactKey: string | null }>(
          `select id, body, body_bytes as bytes, artifact_key as "artifactKey" from ingest_deliveries
           where workspace_id = $1 and id > $2 and not forget_raw and (body is not null or artifact_key is not null)
           order by id limit $3`,
          [workspaceId, after, max],
        )
        return rows.map(({ bytes, ...row }) => ({ ...row, body: row.body && unpackBody(row.body, bytes) }))
      }),

    forgetBodies: (workspaceId, forgettingId, ids) =>
      deleting(workspaceId, async (tx) => {
        await tx.query(
          `insert into forgotten_refs (forgetting_id, workspace_id, kind, ref)
           select distinct $3, $1, 'artifact', artifact_key from ingest_deliveries
           where workspace_id = $1 and id = any($2) and artifact_key is not null on conflict do nothing`,
          [workspaceId, ids, forgettingId],
        )
        // What waits to be read keeps its bytes until it was: the reading forgets them.
        await tx.query(
          `update ingest_deliveries set forget_raw = true, body = null, headers = '{}'
           where workspace_id = $1 and id = any($2) and state <> 'received'`,
          [workspaceId, ids],
        )
      }),

    owedArtifacts: (workspaceId, max) =>
      inside(workspaceId, (tx) =>
        tx.query(
          `select id, artifact_key as "artifactKey" from ingest_deliveries
           where workspace_id = $1 and forget_raw and artifact_key is not null order by id limit $2`,
          [workspaceId, max],
        ),
      ),

    artifactsRemoved: (workspaceId, rows) =>
      inside(workspaceId, async (tx) => {
        await tx.query(
          `update ingest_deliveries d set artifact_key = null from unnest($2::text[], $3::text[]) as k(id, key)
           where d.workspace_id = $1 and d.id = k.id and d.artifact_key = k.key and d.forget_raw`,
          [workspaceId, rows.map(({ id }) => id), rows.map(({ artifactKey }) => artifactKey)],
        )
      }),

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

    forgetting: (workspaceId, id) =>
      inside(workspaceId, async (tx) => {
        const [row] = await tx.query<NonNullable<Awaited<ReturnType<ForgetLedger["forgetting"]>>>>(
          `select kind, started_at as "startedAt", done_at as "doneAt", counts from forgettings where workspace_id = $1 and id = $2`,
          [workspaceId, id],
        )
        return row
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

    touchedDocuments: async (workspaceId, id) =>
      [...(await refs(workspaceId, id, "document")), ...(await refs(workspaceId, id, "rewritten"))].map(
        ({ ref, version }) => ({ id: ref as DocumentId, version }),
      ),

    forgottenArtifacts: async (workspaceId, id) => (await refs(workspaceId, id, "artifact")).map(({ ref }) => ref),

    forgottenVectors: (workspaceId, id) =>
      inside(workspaceId, (tx) =>
        tx.query<VectorRef>(
          `select e.index_name as index, e.id as "versionId", split_part(r.ref, ' ', 2) as family, split_part(r.ref, ' ', 3) as id
           from forgotten_refs r join embedding_versions e on e.id = split_part(r.ref, ' ', 1)
           where r.workspace_id = $1 and r.forgetting_id = $2 and r.kind = 'vector' order by r.ref`,
          [workspaceId, id],
        ),
      ),

    left: (workspaceId, id, scope) => inside(workspaceId, (tx) => left(tx, workspaceId, id, scope)),

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

/** Whatever of a workspace holds what it was told. */
const tenantTables = [
  "memory_records",
  "memory_namespaces",
  "relationships",
  "entity_aliases",
  "scopes",
  "embedding_values",
  "accounts",
  "identity_decisions",
  "api_keys",
  "connections",
]

/** Where its ids, or anything of a whole source or workspace, still are. */
async function left(
  tx: Transaction,
  workspaceId: string,
  forgettingId: string,
  scope: ForgetScope | undefined,
): Promise<ForgetCounts> {
  const ref = (kind: string): string =>
    `(select ref from forgotten_refs where workspace_id = $1 and forgetting_id = $2 and kind = '${kind}')`
  const whole = scope !== undefined && !("documents" in scope)
  const source = whole ? `or $3::text[] = '{}' or source = any($3)` : "or $3::text[] is null"
  const queries: { readonly [what: string]: string } = {
    knowledge_documents: `workspace_id = $1 and (id in ${ref("document")} ${source})`,
    document_parts: `workspace_id = $1 and (document_id in ${ref("document")} or $3::text[] is null)`,
    knowledge_chunks: `workspace_id = $1 and (document_id in ${ref("document")} or $3::text[] is null)`,
    memory_observations: `workspace_id = $1 and (document_id in ${ref("document")} or id in ${ref("observation")} ${source})`,
    relationship_evidence: `workspace_id = $1 and (evidence_id in ${ref("document")} or evidence_id in ${ref("observation")} or $3::text[] is null)`,
    document_deliveries: `workspace_id = $1 and (document_id in ${ref("document")} or $3::text[] is null)`,
    entities: `workspace_id = $1 and (id in ${ref("entity")} or $3::text[] is null)`,
    embedding_values: `workspace_id = $1 and text_hash in ${ref("text")} and $3::text[] is not null
      and not exists (select from vector_entries v where v.workspace_id = $1 and v.text_hash = embedding_values.text_hash and v.wanted_hash is not null)
      and text_hash not in (${prunedTexts})`,
    ingest_deliveries: whole
      ? "workspace_id = $1 and $2 <> '' and ($3::text[] = '{}' or source = any($3)) and (body is not null or artifact_key is not null)"
      : `workspace_id = $1 and forget_raw and (body is not null or artifact_key in ${ref("artifact")}) and $3::text[] is not null`,
  }
  const counts: Record<string, number> = {}
  if (scope !== undefined && "everything" in scope) {
    for (const table of tenantTables) {
      const [row] = await tx.query<{ n: number }>(`select count(*)::int as n from ${table} where workspace_id = $1`, [
        workspaceId,
      ])
      counts[table] = row!.n
    }
  }
  for (const [table, condition] of Object.entries(queries)) {
    const [row] = await tx.query<{ n: number }>(`select count(*)::int as n from ${table} where ${condition}`, [
      workspaceId,
      forgettingId,
      scope !== undefined && "source" in scope ? [scope.source] : [],
    ])
    counts[table] = row!.n
  }
  return counts
}
