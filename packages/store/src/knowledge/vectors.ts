import type { EmbeddingVersion, KnowledgeWrite, VectorFamily, VectorView } from "@engram/contracts/knowledge"
import type { Transaction } from "../database.ts"

type Vectors = Pick<KnowledgeWrite, "lockVersions" | "wantVectors">

/**
 * Owes the removal of a vector. One not known to be written may be on its way to the index this moment, so it too is
 * owed a removal.
 */
export const unwanted = "wanted_hash = null, written_hash = coalesce(v.written_hash, 'unknown'), parked_reason = null"

/** Owes the removal of vectors whose text is gone. `gone` is a preceding query of (store_id, id). */
export const unwant = (family: VectorFamily): string =>
  `update vector_entries v set ${unwanted}
   from gone where v.store_id = gone.store_id and v.family = '${family}' and v.ref_id = gone.id and v.wanted_hash is not null`

interface VersionRow {
  id: EmbeddingVersion["id"]
  provider: string
  model: string
  dimension: number
  status: EmbeddingVersion["status"]
  indexName: string
}

/** The versions that the server's own vectors are wanted in. */
export const openVersions = (tx: Transaction, storeId: string, lock: Lock): Promise<EmbeddingVersion[]> =>
  versionsIn(tx, storeId, ["active", "canary"], lock)

/** Those, and the one that holds what callers bring. */
export const laneVersions = (tx: Transaction, storeId: string, lock: Lock): Promise<EmbeddingVersion[]> =>
  versionsIn(tx, storeId, ["active", "canary", "caller"], lock)

type Lock = "" | "for share"

async function versionsIn(
  tx: Transaction,
  storeId: string,
  statuses: readonly EmbeddingVersion["status"][],
  lock: Lock,
): Promise<EmbeddingVersion[]> {
  const rows = await tx.query<VersionRow>(
    `select id, provider, model, dimension, status, index_name as "indexName" from embedding_versions
     where store_id = $1 and status = any($2) order by id ${lock}`,
    [storeId, statuses],
  )
  return rows.map(({ provider, model, dimension, ...row }) => ({ ...row, model: { provider, model, dimension } }))
}

export const writeVectors = (tx: Transaction, workspaceId: string): Vectors => ({
  lockVersions: (storeId) => openVersions(tx, storeId, "for share"),
  wantVectors: (rows) => wantVectors(tx, workspaceId, rows),
})

/** A vector wanted as it is already is left alone. */
export async function wantVectors(
  tx: Transaction,
  workspaceId: string,
  rows: readonly { readonly refId: string; readonly view: VectorView }[],
): Promise<void> {
  await tx.insert(
    "vector_entries",
    rows.map((row) => ({ ...row, workspaceId })).sort(byRef),
    `on conflict (store_id, family, ref_id, view, embedding_version_id) do update
       set text_hash = excluded.text_hash, metadata = excluded.metadata, wanted_hash = excluded.wanted_hash,
           removed_at = null, parked_reason = null
     where vector_entries.wanted_hash is distinct from excluded.wanted_hash`,
  )
}

const byRef = (a: { refId: string; view: string }, b: { refId: string; view: string }): number =>
  `${a.refId} ${a.view}` < `${b.refId} ${b.view}` ? -1 : 1
