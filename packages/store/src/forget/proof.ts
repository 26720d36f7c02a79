import type { ForgetCounts, ForgetLedger, ForgetScope, VectorRef } from "@engram/contracts/forget"
import type { DocumentId } from "@engram/contracts/ids"
import type { Database } from "../database.ts"
import type { Transaction } from "../transaction.ts"
import { prunedTexts } from "./remove-documents.ts"

type Proof = Pick<ForgetLedger, "forgetting" | "touchedDocuments" | "forgottenArtifacts" | "forgottenVectors" | "left">

/** What a forgetting has gone through, and what of it is still there. */
export const createForgettingProof = (database: Database): Proof => {
  const inside = database.inWorkspace
  const refs = (workspaceId: string, forgettingId: string, kind: string) =>
    inside(workspaceId, (tx) =>
      tx.query<{ ref: string; version: number }>(
        "select ref, version from forgotten_refs where workspace_id = $1 and forgetting_id = $2 and kind = $3 order by ref",
        [workspaceId, forgettingId, kind],
      ),
    )
  return {
    forgetting: (workspaceId, id) =>
      inside(workspaceId, async (tx) => {
        const [row] = await tx.query<NonNullable<Awaited<ReturnType<ForgetLedger["forgetting"]>>>>(
          `select kind, started_at as "startedAt", done_at as "doneAt", counts from forgettings where workspace_id = $1 and id = $2`,
          [workspaceId, id],
        )
        return row
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
  }
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
