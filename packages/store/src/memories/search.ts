import type { MemoryFilter, MemoryLedger, MemoryPlace, MemoryRow, RankedMemory } from "@engram/contracts/memories"
import { compareText } from "@engram/core/compare-text"
import { byPartialIndex } from "../by-partial-index.ts"
import type { Database, Transaction } from "../database.ts"
import { floatsOf, modelKey } from "../embedding-values.ts"
import { filterValues, fromRecords, liveNamespace, liveRecord, memoryColumns, readable, rowsOf } from "./rows.ts"

type Search = Pick<MemoryLedger, "newest" | "matching" | "nearest">
type Question = Parameters<MemoryLedger["nearest"]>[2]

/** What an index may not show yet although it was written. */
const recentSeconds = 60

/** Similarities nearer than this are equal: an index and we round differently. */
const sameScore = 1e-6

const pinnedFirst = `coalesce(r.pin, false) desc, r.created_at desc, r.id`

// Each namespace gives its newest by index, however many it holds. $4 how many.
const newestOf = (condition: string): string => `
  select ${memoryColumns}, coalesce(r.pin, false) as first
  from memory_namespaces n cross join lateral (
    select * from memory_records r where r.namespace_id = n.id and r.store_id = $1 and ($3::text[] is null or r.kind = any($3))
      and ${liveRecord} and ${condition} order by r.created_at desc, r.id limit $4) r
  where n.id = any($2) and ${liveNamespace}`

const newestSql = `select * from (${newestOf("r.pin")} union all ${newestOf("r.pin is not true")}) t
  order by first desc, "createdAt" desc, id limit $4`

/** Memories that are read one by one; where the namespaces hold more, the index of words answers first. */
const readOneByOneMax = 5_000

const isSmallSql = `select count(*) <= ${readOneByOneMax} as small from (
  select from memory_records r where r.namespace_id = any($1) limit ${readOneByOneMax + 1}) t`

/** As `wordsSql`, by the function that may use the index of words under row-level security. */
const foundWordsSql = `
  select ${memoryColumns}, (case when r.content = $5 then 1 else 0 end + f.rank)::float8 as rank
  from engram_matching_memories($1, $2, $4::tsquery) f
  join memory_records r on r.id = f.id join memory_namespaces n on n.id = r.namespace_id
  where ${readable} order by rank desc, ${pinnedFirst} limit $6`

/** Any word matches, since a question rarely has all its words in one memory; one that says just the same comes first. */
const wordsSql = `
  select ${memoryColumns}, (case when r.content = $5 then 1 else 0 end + ts_rank_cd(r.search, $4::tsquery, 1))::float8 as rank
  from ${fromRecords} where ${readable} and r.search @@ $4::tsquery
  order by rank desc, ${pinnedFirst} limit $6`

const substringSql = `
  select ${memoryColumns}, 1::float8 as rank
  from ${fromRecords} where ${readable} and strpos(lower(unaccent(r.content)), lower(unaccent($4))) > 0
  order by ${pinnedFirst} limit $5`

/** The query's words as `'a' | 'b'`, stemmed, accents folded, stop words and operators gone; null when nothing is left. */
const lexemesSql = String.raw`
  select string_agg('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''', ' | ') as words
  from unnest(to_tsvector('public.engram_english', $1))`

const owed = "v.wanted_hash is distinct from v.written_hash"
const recent = `v.written_at > now() - interval '${recentSeconds} seconds'`
const mine =
  "v.workspace_id = $1 and v.store_id = $2 and v.embedding_version_id = $3 and v.family = 'memories' and v.wanted_hash is not null"

// Two partial indexes answer; each stops at the limit.
const movingSql = `
  (select v.ref_id as id from vector_entries v where ${mine} and ${owed} and v.parked_reason is null limit $4) union
  (select v.ref_id as id from vector_entries v where ${mine} and ${recent} limit $4)`

const newestIdsSql = `select r.id from memory_namespaces n cross join lateral (
    select * from memory_records r where r.namespace_id = n.id and r.store_id = $1 and ($3::text[] is null or r.kind = any($3))
      and ${liveRecord} order by r.created_at desc limit $4) r
  where n.id = any($2) and ${liveNamespace} order by r.created_at desc limit $4`

/**
 * Candidates as they are now: `values` where the index may have something else, or nothing; a vector that is not wanted any
 * more is no candidate. The values are looked up a row at a time (`offset 0`): a join would read them all.
 */
const candidatesSql = `
  select r.id, coalesce(r.pin, false) as pin, extract(epoch from r.created_at)::float8 as "createdAt", m.moving,
         case when m.moving then (select e.values from embedding_values e
           where e.workspace_id = $5 and e.model = $6 and e.text_hash = v.text_hash offset 0) end as values
  from unnest($4::text[]) as k(id)
  join memory_records r on r.id = k.id join memory_namespaces n on n.id = r.namespace_id
  join vector_entries v on v.store_id = r.store_id and v.family = 'memories' and v.ref_id = r.id and v.view = 'body'
    and v.embedding_version_id = $7 and v.wanted_hash is not null
  cross join lateral (select $8 or ${owed} or coalesce(${recent}, false) as moving) m
  where ${readable}`

interface Candidate {
  readonly id: string
  readonly pin: boolean
  readonly createdAt: number
  readonly moving: boolean
  readonly values: Buffer | null
}

export const createMemorySearch = (database: Database): Search => ({
  newest: (place, filter, max) =>
    database.inWorkspace(place.workspaceId, async (tx) => {
      const rows = await tx.query<MemoryRow & { first: boolean }>(newestSql, [...filterValues(place, filter), max])
      return rows.map(({ first: _, ...row }) => row)
    }),

  matching: (place, filter, query, max) =>
    database.inWorkspace(place.workspaceId, async (tx) => {
      const asked = filterValues(place, filter)
      const words = [...query].length > 1 ? await lexemesOf(tx, query) : null
      if (words === null) return tx.query<RankedMemory>(substringSql, [...asked, query, max])
      const [size] = await tx.query<{ small: boolean }>(isSmallSql, [filter.namespaceIds])
      return tx.query<RankedMemory>(size!.small ? wordsSql : foundWordsSql, [...asked, words, query, max])
    }),

  nearest: (place, filter, question) =>
    database.inWorkspace(place.workspaceId, async (tx) => {
      // Everything asked here has its index.
      await tx.query(byPartialIndex)
      const exact = await idsToCompare(tx, place, filter, question)
      const scores = new Map(question.indexed?.map(({ id, score }) => [id, score]))
      const candidates = await tx.query<Candidate>(candidatesSql, [
        ...filterValues(place, filter),
        [...new Set([...exact, ...scores.keys()])],
        place.workspaceId,
        modelKey(question.version.model),
        question.version.id,
        question.indexed === undefined,
      ])
      const ranked = candidates
        .flatMap(({ moving, values, ...row }) => {
          const score = moving ? values && dot(question.values, floatsOf(values)) : scores.get(row.id)
          return score === null || score === undefined || score < question.scoreMin ? [] : [{ ...row, score }]
        })
        .sort(bestFirst)
        .slice(0, question.max)
      const rows = await rowsOf(
        tx,
        place,
        filter,
        ranked.map(({ id }) => id),
      )
      const scoreOf = new Map(ranked.map(({ id, score }) => [id, score]))
      return rows.map((row) => ({ ...row, rank: scoreOf.get(row.id)! }))
    }),
})

async function lexemesOf(tx: Transaction, query: string): Promise<string | null> {
  const [row] = await tx.query<{ words: string | null }>(lexemesSql, [query])
  return row?.words ?? null
}

/**
 * What the index does not show yet. Few in the whole store: exactly those. Many (a backlog, an outage): the newest memories of
 * the namespaces asked for, so that what one search compares stays bounded whatever is owed.
 */
async function idsToCompare(
  tx: Transaction,
  place: MemoryPlace,
  filter: MemoryFilter,
  { version, indexed, exactMax }: Question,
): Promise<string[]> {
  const ids = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id)
  if (indexed !== undefined) {
    const moving = await tx.query<{ id: string }>(movingSql, [
      place.workspaceId,
      place.storeId,
      version.id,
      exactMax + 1,
    ])
    if (moving.length <= exactMax) return ids(moving)
  }
  return ids(await tx.query<{ id: string }>(newestIdsSql, [...filterValues(place, filter), exactMax]))
}

type Ordered = Pick<Candidate, "id" | "pin" | "createdAt"> & { readonly score: number }

const bestFirst = (a: Ordered, b: Ordered): number =>
  Math.round(b.score / sameScore) - Math.round(a.score / sameScore) ||
  Number(b.pin) - Number(a.pin) ||
  b.createdAt - a.createdAt ||
  compareText(a.id, b.id)

/** Cosine similarity, since both are of unit length. */
function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}
