import type { EmbeddingVersion, KnowledgeWrite, VectorFamily, VectorView } from "@engram/contracts/knowledge"
import { compareText } from "@engram/core/compare-text"
import type { Transaction } from "../transaction.ts"

type Vectors = Pick<KnowledgeWrite, "lockVersions" | "wantVectors">

/** Whether a vector is owed, in the words of the partial index of those that are, as the planner has to see them. */
export const isOwed = (v: "" | "v." = ""): string =>
  `${v}wanted_hash is distinct from ${v}written_hash and ${v}parked_reason is null`

/**
 * Owes the removal of a vector. One not known to be written may be on its way to the index this moment, so it too is
 * owed a removal.
 */
export const unwanted = "wanted_hash = null, written_hash = coalesce(v.written_hash, 'unknown'), parked_reason = null"

/** Owes the removal of vectors whose text is gone. `gone` is a preceding query of (store_id, id). */
export const unwant = (family: VectorFamily): string =>
  `update vector_entries v set ${unwanted}
   from gone where v.store_id = gone.store_id and v.family = '${family}' and v.ref_id = gone.id and v.wanted_hash is not null`

/**
 * Takes over what is wanted of a vector from `excluded`. What is owed of it may be on its way to the index this moment, so whatever is
 * wanted next is owed too, even what was written before: `row` is what the statement calls the vector as it was.
 */
export const wantedAnew = (row: string): string => `
  text_hash = excluded.text_hash, metadata = excluded.metadata, wanted_hash = excluded.wanted_hash,
  written_hash = case when ${row}.wanted_hash is distinct from ${row}.written_hash then 'unknown' else ${row}.written_hash end,
  removed_at = null, parked_reason = null, attempts = 0`

interface VersionRow {
  id: EmbeddingVersion["id"]
  provider: string
  model: string
  dimension: number
  status: EmbeddingVersion["status"]
  indexName: string
}

/** The versions that the server's own vectors are wanted in. */
export const openVersions = (tx: Transaction, storeId: string): Promise<EmbeddingVersion[]> =>
  versionsIn(tx, storeId, ["active", "canary"])

/** Those, and the one that holds what callers bring. */
export const writtenVersions = (tx: Transaction, storeId: string): Promise<EmbeddingVersion[]> =>
  versionsIn(tx, storeId, ["active", "caller", "canary"])

/** And those that vectors are still removed from. */
export const laneVersions = (tx: Transaction, storeId: string): Promise<EmbeddingVersion[]> =>
  versionsIn(tx, storeId, ["active", "caller", "canary", "archived"])

/**
 * The name of a lock on a store's set of versions, for who writes in one statement: shared, and had before that begins. One that
 * waited inside a statement may have begun before the version it waited for was there.
 */
export const versionsLock = (storeId: string): string => `engram versions ${storeId}`

export const shareVersions = (tx: Transaction, storeId: string): Promise<object[]> =>
  tx.query("select pg_advisory_xact_lock_shared(hashtextextended($1, 0))", [versionsLock(storeId)])

/** The versions to write, kept as they are until the transaction ends. */
export async function lockVersions(tx: Transaction, storeId: string): Promise<EmbeddingVersion[]> {
  // In a statement of its own, for the same reason.
  tx.send("select from embedding_versions where store_id = $1 order by id for share", [storeId])
  return openVersions(tx, storeId)
}

/** In the order of their statuses as given. */
async function versionsIn(
  tx: Transaction,
  storeId: string,
  statuses: readonly EmbeddingVersion["status"][],
): Promise<EmbeddingVersion[]> {
  const rows = await tx.query<VersionRow>(
    `select id, provider, model, dimension, status, index_name as "indexName" from embedding_versions
     where store_id = $1 and status = any($2) order by array_position($2, status), id`,
    [storeId, statuses],
  )
  return rows.map(({ provider, model, dimension, ...row }) => ({ ...row, model: { provider, model, dimension } }))
}

export const writeVectors = (tx: Transaction, workspaceId: string): Vectors => ({
  lockVersions: (storeId) => lockVersions(tx, storeId),
  wantVectors: (rows) => wantVectors(tx, workspaceId, rows),
})

/** A vector wanted as it is already is left alone. */
export async function wantVectors(
  tx: Transaction,
  workspaceId: string,
  rows: readonly { readonly refId: string; readonly view: VectorView }[],
): Promise<void> {
  tx.sendRows(
    "vector_entries",
    rows.map((row) => ({ ...row, workspaceId })).sort(byRef),
    `on conflict (store_id, family, ref_id, view, embedding_version_id) do update set ${wantedAnew("vector_entries")}
     where vector_entries.wanted_hash is distinct from excluded.wanted_hash`,
  )
}

/** Of one vector the versions stay in their order, the active one first: `copy` of the version ledger locks in it too. */
export const byRef = (a: { refId: string; view: string }, b: { refId: string; view: string }): number =>
  compareText(`${a.refId} ${a.view}`, `${b.refId} ${b.view}`)
