import type { MemoryFilter, MemoryPlace, MemoryRow } from "@engram/contracts/memories"
import type { Transaction } from "../database.ts"

/** A namespace `n` in this life of its name. Expiry is exact: from that moment on, whatever the janitor has done. */
export const liveNamespace = "n.ended_at is null and (n.expires_at is null or n.expires_at > now())"
export const liveRecord = "(r.expires_at is null or r.expires_at > now())"

/** $1 store, $2 namespace ids, $3 kinds or null for all. */
export const readable = `r.store_id = $1 and r.namespace_id = any($2) and ($3::text[] is null or r.kind = any($3))
  and ${liveRecord} and ${liveNamespace}`

export const filterValues = (place: MemoryPlace, filter: MemoryFilter): unknown[] => [
  place.storeId,
  filter.namespaceIds,
  filter.kinds ?? null,
]

export const fromRecords = "memory_records r join memory_namespaces n on n.id = r.namespace_id"

export const memoryColumns = `r.id, n.name as namespace, r.content, r.kind, r.source, r.expires_at as "expiresAt",
  r.propagation, r.pin, r.created_at as "createdAt"`

/** The rows behind ids, in the order of the ids; those that may not be answered are left out. */
export async function rowsOf(
  tx: Transaction,
  place: MemoryPlace,
  filter: MemoryFilter,
  ids: readonly string[],
): Promise<MemoryRow[]> {
  return tx.query<MemoryRow>(
    `select ${memoryColumns} from unnest($4::text[]) with ordinality as k(id, at)
     join memory_records r on r.id = k.id join memory_namespaces n on n.id = r.namespace_id
     where ${readable} order by k.at`,
    [...filterValues(place, filter), ids],
  )
}
