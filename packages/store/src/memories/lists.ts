import type { MemoryLedger, MemoryRow, RankedMemory } from "@engram/contracts/memories"
import { compareText } from "@engram/core/compare-text"
import type { Database } from "../database.ts"
import { floatsOf, modelKey } from "../embedding-values.ts"
import { filterValues, lives, memoryColumns, readable } from "./rows.ts"
import type { Namespace, SurroundingsMemory } from "./surroundings.ts"

/** Similarities nearer than this are equal: an index and we round differently. */
const sameScore = 1e-6

const owed = "v.wanted_hash is distinct from v.written_hash"
/** Of a store's vectors in one version; a tiny share of them, each by a partial index of its own. */
const mine = "v.workspace_id = $4 and v.store_id = $1 and v.embedding_version_id = $5 and v.family = 'memories'"
const recent = "now() - make_interval(secs => $9 / 1000.0)"

/**
 * Where the index says something else than Postgres wants, or may: owed; parked, so that what was written is of an older text;
 * written or removed so lately that the index may not show it ($9 ms).
 */
const changed = `changed as materialized (
    (select v.ref_id as id, v.wanted_hash is not null as wanted from vector_entries v
      where ${mine} and ${owed} and v.parked_reason is null limit $7 + 1) union all
    (select v.ref_id, false from vector_entries v where ${mine} and v.parked_reason is not null limit $7 + 1) union all
    (select v.ref_id, true from vector_entries v
      where ${mine} and v.written_at > ${recent} and v.wanted_hash is not null limit $7 + 1) union all
    (select v.ref_id, false from vector_entries v where ${mine} and v.removed_at > ${recent} limit $7 + 1))`

const valuesOf = `(select e.values from embedding_values e
      where e.workspace_id = $4 and e.model = $6 and e.text_hash = v.text_hash offset 0)`
const recordOf = (id: string): string =>
  `cross join lateral (select * from memory_records r where r.id = ${id} and ${readable} offset 0) r
    join lives n on n.id = r.namespace_id`
const entryOf = (id: string): string => `cross join lateral (
      select v.* from vector_entries v where v.store_id = $1 and v.family = 'memories' and v.ref_id = ${id} and v.view = 'body'
        and v.embedding_version_id = $5 and v.wanted_hash is not null offset 0) v`

/** One row more says which lives there are, and whether the rest is the whole answer. */
const answering = (whole: string, candidates: string): string => `
  select l.lives, ${whole} as whole, c.*
  from (select coalesce(json_agg(json_build_object('id', n.id, 'name', n.name)), '[]') as lives from lives n) l
  left join (${candidates}) c on true`

/**
 * What changed is so little, in the whole store, that all of it can be compared ($7): then what the index found ($8) is so for
 * all else, and only has to be there still. Everything is looked up an id at a time (`offset 0`): a join would read whole
 * namespaces, and all values.
 */
const fewChangedSql = `with ${lives}, ${changed}, exact as (select distinct id from changed where wanted)
  ${answering(
    "(select count(*) from changed) <= $7",
    `select ${memoryColumns}, false as moving, null::bytea as values
    from unnest($8::text[]) k(id) ${recordOf("k.id")}
    where (select count(*) from changed) <= $7 and k.id not in (select id from changed)
    union all
    select ${memoryColumns}, true, ${valuesOf}
    from exact k ${recordOf("k.id")} ${entryOf("k.id")} where (select count(*) from changed) <= $7`,
  )}`

/**
 * Of a backlog, or while the index is away ($10): the newest memories of the namespaces asked for are compared, and what the index
 * found is looked up one by one.
 */
const newestSql = `with ${lives}, exact as (
    select r.id from lives n cross join lateral (
      select * from memory_records r where r.namespace_id = n.id and ${readable} order by r.created_at desc limit $7) r
    order by r.created_at desc limit $7)
  ${answering(
    "true",
    `select ${memoryColumns}, v.moving, case when v.moving then ${valuesOf} end as values
    from (select id from exact union select unnest($8::text[])) k ${recordOf("k.id")}
    cross join lateral (
      select v.text_hash, $10 or ${owed} or coalesce(v.written_at > ${recent}, false) as moving from vector_entries v
      where v.store_id = $1 and v.family = 'memories' and v.ref_id = k.id and v.view = 'body'
        and v.embedding_version_id = $5 and v.wanted_hash is not null and v.parked_reason is null offset 0) v`,
  )}`

type Candidate = MemoryRow & { readonly moving: boolean; readonly values: Buffer | null }
type Answered = { readonly lives: readonly Namespace[]; readonly whole: boolean } & (Candidate | { readonly id: null })

export const createNearest = (database: Database, surroundings: SurroundingsMemory): Pick<MemoryLedger, "nearest"> => ({
  nearest: async (place, filter, { version, values: asked, indexed, trailsMs, exactMax, scoreMin, max }) => {
    const parameters = [
      ...filterValues(place, filter),
      place.workspaceId,
      version.id,
      modelKey(version.model),
      exactMax,
      indexed?.flatMap(({ id, score }) => (score < scoreMin ? [] : [id])) ?? [],
      trailsMs,
    ]
    const ask = (sql: string, ...more: readonly boolean[]) =>
      database.oneInWorkspace<Answered>(place.workspaceId, sql, [...parameters, ...more])
    let answered = indexed === undefined ? [] : await ask(fewChangedSql)
    if (!answered[0]?.whole) answered = await ask(newestSql, indexed === undefined)
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
