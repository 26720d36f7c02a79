import type { MemoryLedger, MemoryRow, RankedMemory } from "@engram/contracts/memories"
import { compareText } from "@engram/core/compare-text"
import type { Database } from "../database.ts"
import { floatsOf, modelKey } from "../embedding-values.ts"
import { filterValues, lives, memoryColumns, readable } from "./rows.ts"
import type { Namespace, SurroundingsMemory } from "./surroundings.ts"

/** What an index may not show yet although it was written. */
const recentSeconds = 60
/** Similarities nearer than this are equal: an index and we round differently. */
const sameScore = 1e-6

const owed = "v.wanted_hash is distinct from v.written_hash"
const recent = `v.written_at > now() - interval '${recentSeconds} seconds'`
const mine =
  "v.workspace_id = $4 and v.store_id = $1 and v.embedding_version_id = $5 and v.family = 'memories' and v.wanted_hash is not null"

/** Few enough in the whole store to be compared ($7): what the index does not show yet. Two partial indexes answer. */
const moving = `moving as materialized (
    (select v.ref_id as id from vector_entries v where ${mine} and ${owed} and v.parked_reason is null limit $7 + 1) union
    (select v.ref_id as id from vector_entries v where ${mine} and ${recent} limit $7 + 1)),
  exact as (select id from moving where (select count(*) from moving) <= $7)`

/** Of a backlog, or while the index is away: the newest memories of the namespaces asked for. */
const newest = `exact as (
    select r.id from lives n cross join lateral (
      select * from memory_records r where r.namespace_id = n.id and ${readable} order by r.created_at desc limit $7) r
    order by r.created_at desc limit $7)`

/**
 * Candidates as they are now: what the index found ($8), and what it may not show, of which `values` come along ($9: of all). A
 * vector that is not wanted any more is no candidate. Everything is looked up an id at a time (`offset 0`): a join would read
 * whole namespaces, and all values.
 */
const candidatesSql = (exact: string, isWhole: string): string => `with ${lives}, ${exact}
  select l.lives, ${isWhole} as whole, c.*
  from (select coalesce(json_agg(json_build_object('id', n.id, 'name', n.name)), '[]') as lives from lives n) l
  left join (
    select ${memoryColumns}, v.moving, case when v.moving then (select e.values from embedding_values e
      where e.workspace_id = $4 and e.model = $6 and e.text_hash = v.text_hash offset 0) end as values
    from (select id from exact union select unnest($8::text[])) k
    cross join lateral (select * from memory_records r where r.id = k.id and ${readable} offset 0) r
    join lives n on n.id = r.namespace_id
    cross join lateral (
      select v.text_hash, $9 or ${owed} or coalesce(${recent}, false) as moving from vector_entries v
      where v.store_id = $1 and v.family = 'memories' and v.ref_id = k.id and v.view = 'body'
        and v.embedding_version_id = $5 and v.wanted_hash is not null offset 0) v) c on true`

const movingSql = candidatesSql(moving, "(select count(*) from moving) <= $7")
const newestSql = candidatesSql(newest, "true")

type Candidate = MemoryRow & { readonly moving: boolean; readonly values: Buffer | null }
type Answered = { readonly lives: readonly Namespace[]; readonly whole: boolean } & (Candidate | { readonly id: null })

export const createNearest = (database: Database, surroundings: SurroundingsMemory): Pick<MemoryLedger, "nearest"> => ({
  nearest: async (place, filter, { version, values: asked, indexed, exactMax, scoreMin, max }) => {
    const parameters = [
      ...filterValues(place, filter),
      place.workspaceId,
      version.id,
      modelKey(version.model),
      exactMax,
      indexed?.map(({ id }) => id) ?? [],
      indexed === undefined,
    ]
    const ask = (sql: string) => database.oneInWorkspace<Answered>(place.workspaceId, sql, parameters)
    let answered = indexed === undefined ? [] : await ask(movingSql)
    if (!answered[0]?.whole) answered = await ask(newestSql)
    const live = answered[0]!.lives
    surroundings.saw(place, filter.namespaces, live)
    const scores = new Map(indexed?.map(({ id, score }) => [id, score]))
    const scored = answered.flatMap(({ lives: _, whole: __, ...candidate }) =>
      candidate.id === null ? [] : [scoredBy(scores, asked, candidate)],
    )
    const memories = scored.filter(({ rank }) => rank >= scoreMin).sort(bestFirst)
    const unknown = new Set(scored.flatMap(({ id, rank }) => (Number.isNaN(rank) ? [id] : [])))
    return { memories: memories.slice(0, max), unknown, lives: live.map(({ id }) => id) }
  },
})

/** By the index's score, or exactly; NaN where the values are not known yet. */
function scoredBy(
  scores: ReadonlyMap<string, number>,
  asked: Float32Array,
  { moving, values, ...row }: Candidate,
): RankedMemory {
  if (!moving) return { ...row, rank: scores.get(row.id) ?? Number.NEGATIVE_INFINITY }
  return { ...row, rank: values === null ? Number.NaN : dot(asked, floatsOf(values)) }
}

const bestFirst = (a: RankedMemory, b: RankedMemory): number =>
  Math.round(b.rank / sameScore) - Math.round(a.rank / sameScore) ||
  Number(b.pin ?? false) - Number(a.pin ?? false) ||
  b.createdAt.getTime() - a.createdAt.getTime() ||
  compareText(a.id, b.id)

/** Cosine similarity, since both are of unit length. */
function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}
