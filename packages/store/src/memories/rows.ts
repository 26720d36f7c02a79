import type { MemoryFilter, MemoryPlace } from "@engram/contracts/memory-ledger"

/** A namespace `n` in this life of its name. Expiry is exact: from that moment on, whatever the janitor has done. */
export const liveNamespace = "n.ended_at is null and (n.expires_at is null or n.expires_at > now())"
export const liveRecord = "(r.expires_at is null or r.expires_at > now())"

/** How a statement speaks of what is asked for, besides the store, which is $1. */
export interface Asked {
  /** Names of namespaces. */
  readonly names: string
  /** null for all. */
  readonly kinds: string
}

/** One of the questions `q` that a statement answers. */
export const asQuestion: Asked = { names: "q.names", kinds: "q.kinds" }
/** The one question of a statement, by `filterValues`. */
export const asParameters: Asked = { names: "$2", kinds: "$3" }

/** $1 to $3 of a statement that answers one question. */
export const filterValues = (place: MemoryPlace, filter: MemoryFilter): unknown[] => [
  place.storeId,
  filter.namespaces,
  filter.kinds ?? null,
]

export const lives = ({ names }: Asked): string => `lives as materialized (
  select n.id, n.name from memory_namespaces n where n.store_id = $1 and n.name = any(${names}) and ${liveNamespace})`

/** Of a record in a namespace that lives. */
export const readable = ({ kinds }: Asked): string =>
  `r.store_id = $1 and (${kinds}::text[] is null or r.kind = any(${kinds})) and ${liveRecord}`

/** Of a record `r` in a life `n`. */
export const memoryColumns = `r.id, n.name as namespace, r.content, r.kind, r.source, r.expires_at as "expiresAt",
  r.propagation, r.pin, r.created_at as "createdAt"`

/** The record of an id, by its key, with its life `n`. */
export const recordOf = (asked: Asked, id: string, condition = "true"): string =>
  `cross join lateral (select * from memory_records r where r.id = ${id} and ${readable(asked)} and ${condition} offset 0) r
    join lives n on n.id = r.namespace_id`

/** Of equals the pinned come first, then the newest. */
export const pinnedFirst = "coalesce(r.pin, false) desc, r.created_at desc, r.id"

/** A list of none. */
export const noneListed = "select null::json as row where false"

/** Whether a candidate is among the `best`. */
export const isSaid = (id: string): string => `${id} = any((select ids from best)::text[])`

/** What is longer is read after the lists: as JSON it would take Postgres and us several times as long. Sizes are known without reading texts. */
export const isShort = "octet_length(r.content) + coalesce(octet_length(r.propagation), 0) <= 100000"

/** A candidate as the lists of a search send it. Of a hundred ten are answered, and so few come with what they say. */
export const listed = (of: "r" | "t", rank: string, row: string, ...more: readonly string[]): string =>
  `json_build_array(${[`${of}.id`, rank, `${of}.pin`, `extract(epoch from ${of}.created_at)::float8`, row, ...more].join(", ")})`

// In milliseconds, exactly.
const time = (column: string): string => `floor(extract(epoch from ${column}) * 1000)::float8`
/** What a record `r` of the life `n` says. */
export const wholeRow = `json_build_array(n.name, r.content, r.kind, r.source, ${time("r.expires_at")}, r.propagation, ${time("r.created_at")})`
