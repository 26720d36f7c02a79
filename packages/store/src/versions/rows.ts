import type { StoredVersion, StorePlace } from "@engram/contracts/versions"
import { versionsLock } from "../knowledge/vectors.ts"
import type { Transaction } from "../transaction.ts"

interface VersionRow extends Omit<StoredVersion, "model"> {
  readonly provider: string
  readonly model: string
  readonly dimension: number
}

const columns = `id, workspace_id as "workspaceId", store_id as "storeId", provider, model, dimension, status,
  index_name as "indexName", created_at as "createdAt", archived_at as "archivedAt"`

/** `condition` is over $2 and later; $1 is the workspace. Oldest first. */
export async function versionsWhere(
  tx: Transaction,
  workspaceId: string,
  condition: string,
  values: readonly unknown[] = [],
): Promise<StoredVersion[]> {
  const rows = await tx.query<VersionRow>(
    `select ${columns} from embedding_versions where workspace_id = $1 and ${condition} order by created_at, id`,
    [workspaceId, ...values],
  )
  return rows.map(({ provider, model, dimension, ...row }) => ({ ...row, model: { provider, model, dimension } }))
}

/**
 * Alone with the store's versions: whoever writes vectors, or makes a version, has ended or waits until this transaction ends. The
 * store's row first, as everybody takes the two.
 */
export async function aloneWithVersions(tx: Transaction, place: StorePlace): Promise<StoredVersion[]> {
  await keepFromMaking(tx, place)
  await tx.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [versionsLock(place.storeId)])
  await tx.query("select from embedding_versions where store_id = $1 order by id for update", [place.storeId])
  return versionsWhere(tx, place.workspaceId, "store_id = $2", [place.storeId])
}

/** Nobody makes a version of the store until this transaction ends. */
export async function keepFromMaking(tx: Transaction, { storeId }: StorePlace): Promise<void> {
  await tx.query("select from stores where id = $1 for no key update", [storeId])
}
