import type { MemoryLedger, MemoryRow, RankedMemory } from "@engram/contracts/memories"
import { compareText } from "@engram/core/compare-text"
import { byPartialIndex } from "../by-partial-index.ts"
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

/**
 * Candidates as they are now: what the index found ($9), and what it does not show yet. Few of those in the whole store: exactly
 * those. Many (a backlog, an outage, $7 false): the newest memories of the namespaces asked for, so that what one search
 * compares stays bounded ($8) whatever is owed. `values` where the index may have something else, or nothing; a vector that is not
 * wanted any more is no candidate. The values are looked up a row at a time (`offset 0`): a join would read them all.
 */
const candidatesSql = `with ${lives},
  moving as materialized (
    (select v.ref_id as id from vector_entries v where $7 and ${mine} and ${owed} and v.parked_reason is null limit $8 + 1) union
    (select v.ref_id as id from vector_entries v where $7 and ${mine} and ${recent} limit $8 + 1)),
  few as (select $7 and count(*) <= $8 as few from moving),
  newest as (
    select r.id from lives n cross join lateral (
      select * from memory_records r where not (select few from few) and r.namespace_id = n.id and ${readable}
      order by r.created_at desc limit $8) r
    order by r.created_at desc limit $8),
  candidates as (
    select id from moving where (select few from few) union select id from newest union select unnest($9::text[]))
  select l.lives, c.* from (select coalesce(json_agg(json_build_object('id', n.id, 'name', n.name)), '[]') as lives from lives n) l
  left join (
    select ${memoryColumns}, m.moving,
           case when m.moving then (select e.values from embedding_values e
             where e.workspace_id = $4 and e.model = $6 and e.text_hash = v.text_hash offset 0) end as values
    from candidates k
    join memory_records r on r.id = k.id and ${readable}
    join lives n on n.id = r.namespace_id
    join vector_entries v on v.store_id = r.store_id and v.family = 'memories' and v.ref_id = r.id and v.view = 'body'
      and v.embedding_version_id = $5 and v.wanted_hash is not null
    cross join lateral (select not $7 or ${owed} or coalesce(${recent}, false) as moving) m) c on true`

type Candidate = MemoryRow & { readonly moving: boolean; readonly values: Buffer | null }
type Answered = { readonly lives: readonly Namespace[] } & (Candidate | { readonly id: null })

export const createNearest = (database: Database, surroundings: SurroundingsMemory): Pick<MemoryLedger, "nearest"> => ({
  nearest: async (place, filter, { version, values: asked, indexed, exactMax, scoreMin, max }) => {
    const answered = await database.oneInWorkspace<Answered>(
      place.workspaceId,
      candidatesSql,
      [
        ...filterValues(place, filter),
        place.workspaceId,
        version.id,
        modelKey(version.model),
        indexed !== undefined,
        exactMax,
        indexed?.map(({ id }) => id) ?? [],
      ],
      // Everything asked here has its index.
      byPartialIndex,
    )
    const live = answered[0]!.lives
    surroundings.saw(place, filter.namespaces, live)
    const scores = new Map(indexed?.map(({ id, score }) => [id, score]))
    const scored = answered.flatMap(({ lives: _, ...candidate }) =>
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
