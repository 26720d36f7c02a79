import type { MemoryPlace } from "@engram/contracts/memories"
import type { Database } from "../database.ts"
import { liveNamespace } from "./rows.ts"

/** A size decides only how a search is done, not what it finds, so it may be old. */
const freshMs = 60_000
/** Past this all are counted again. At most some MB. */
const namesMax = 20_000

/** Remembers how many memories namespaces hold, counted up to `max`, so that a search need not count. */
export function createNamespaceSizes(database: Database, max: number) {
  const sizes = new Map<string, { readonly rows: number; readonly until: number }>()
  const keyOf = ({ storeId }: MemoryPlace, name: string): string => `${storeId} ${name}`
  const fresh = (place: MemoryPlace, name: string): number | undefined => {
    const size = sizes.get(keyOf(place, name))
    return size && size.until > performance.now() ? size.rows : undefined
  }

  const count = async (place: MemoryPlace, names: readonly string[]): Promise<void> => {
    const counted = await database.oneInWorkspace<{ name: string; rows: number }>(
      place.workspaceId,
      `select k.name, coalesce(sum(c.rows), 0)::int as rows from unnest($2::text[]) as k(name)
       left join memory_namespaces n on n.store_id = $1 and n.name = k.name and ${liveNamespace}
       left join lateral (select count(*) as rows from (select from memory_records r where r.namespace_id = n.id limit $3) t) c on true
       group by k.name`,
      [place.storeId, names, max + 1],
    )
    if (sizes.size + counted.length > namesMax) sizes.clear()
    const until = performance.now() + freshMs
    for (const { name, rows } of counted) sizes.set(keyOf(place, name), { rows, until })
  }

  return {
    /** Whether the namespaces hold at most `max` memories together, as of at most a minute ago. */
    areSmall: async (place: MemoryPlace, names: readonly string[]): Promise<boolean> => {
      const uncounted = names.filter((name) => fresh(place, name) === undefined)
      if (uncounted.length > 0) await count(place, [...new Set(uncounted)])
      return names.reduce((sum, name) => sum + (fresh(place, name) ?? 0), 0) <= max
    },
  }
}
