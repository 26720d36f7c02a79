import type { MemoryLedger, MemoryRow, RankedMemory } from "@engram/contracts/memories"
import type { Database } from "../database.ts"
import { createNearest } from "./nearest.ts"
import { filterValues, lives, memoryColumns, readable } from "./rows.ts"
import { createNamespaceSizes } from "./sizes.ts"
import type { SurroundingsMemory } from "./surroundings.ts"

type Search = Pick<MemoryLedger, "livesSeen" | "newest" | "matching" | "nearest">

/**
 * Memories that are read one by one, some microseconds each; where the namespaces hold more, the index of words answers first.
 * It knows no namespaces: for words that are everywhere it reads the whole store.
 */
const readOneByOneMax = 10_000

const pinnedFirst = `coalesce(r.pin, false) desc, r.created_at desc, r.id`

// Each namespace gives its newest by index, however many it holds. $4 how many.
const newestOf = (condition: string): string => `
  select ${memoryColumns}, coalesce(r.pin, false) as first
  from lives n cross join lateral (
    select * from memory_records r where r.namespace_id = n.id and ${readable} and ${condition}
    order by r.created_at desc, r.id limit $4) r`

const newestSql = `with ${lives}
  select * from (${newestOf("r.pin")} union all ${newestOf("r.pin is not true")}) t
  order by first desc, "createdAt" desc, id limit $4`

/** The query's words as `'a' | 'b'`, stemmed, accents folded, stop words and operators gone; null when nothing is left. */
const words = String.raw`words as materialized (
  select string_agg('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''', ' | ')::tsquery as words
  from unnest(to_tsvector('public.engram_english', $4)))`

/**
 * Any word matches, since a question rarely has all its words in one memory; one that says just the same comes first. The more of
 * the words, and the more often, the better (`ts_rank_cd` takes four times as long and says little more of words that need not
 * be together); a text of 64 different words and more counts less with its length, or the longest would always win.
 */
const rank = `(case when r.content = $4 then 1 else 0 end
  + ts_rank(r.search, (select words from words)) / (1 + ln(1 + length(r.search) / 64::float8)))::float8 as rank`

/** Each namespace's memories by index; the search vector is looked at last. */
const readOneByOne = `
  select ${memoryColumns}, ${rank}
  from lives n cross join lateral (
    select * from memory_records r
    where r.namespace_id = n.id and ${readable} and r.search @@ (select words from words) offset 0) r`

/** By the function that may use the index of words under row-level security. */
const readByWords = `
  select ${memoryColumns}, ${rank}
  from engram_matching_memories($1, array(select id from lives), (select words from words)) f
  join memory_records r on r.id = f.id and ${readable} join lives n on n.id = r.namespace_id`

// One row more says whether there were words to search for, also where nothing matches them.
const matchingSql = (found: string): string => `with ${lives}, ${words}
  select (select words from words) is null as wordless, m.*
  from (values (1)) one left join lateral (
    ${found} order by rank desc, ${pinnedFirst} limit $5) m on true`

const matchingOneByOneSql = matchingSql(readOneByOne)
const matchingByWordsSql = matchingSql(readByWords)

const substringSql = `with ${lives}
  select ${memoryColumns}, 1::float8 as rank
  from lives n cross join lateral (
    select * from memory_records r where r.namespace_id = n.id and ${readable}
      and strpos(lower(unaccent(r.content)), lower(unaccent($4))) > 0 offset 0) r
  order by ${pinnedFirst} limit $5`

type Matched = { readonly wordless: boolean } & (RankedMemory | { readonly id: null })

export function createMemorySearch(database: Database, surroundings: SurroundingsMemory): Search {
  const sizes = createNamespaceSizes(database, readOneByOneMax)
  const { nearest } = createNearest(database, surroundings)
  return {
    nearest,
    livesSeen: surroundings.livesSeen,

    newest: async (place, filter, max) => {
      const values = [...filterValues(place, filter), max]
      const rows = await database.oneInWorkspace<MemoryRow & { first: boolean }>(place.workspaceId, newestSql, values)
      return rows.map(({ first: _, ...row }) => row)
    },

    matching: async (place, filter, query, max) => {
      const values = [...filterValues(place, filter), query, max]
      if ([...query].length > 1) {
        const few = await sizes.areSmall(place, filter.namespaces)
        const sql = few ? matchingOneByOneSql : matchingByWordsSql
        const rows = await database.oneInWorkspace<Matched>(place.workspaceId, sql, values)
        if (!rows[0]!.wordless) {
          return rows.flatMap(({ wordless: _, ...row }) => (row.id === null ? [] : [row as RankedMemory]))
        }
      }
      return database.oneInWorkspace<RankedMemory>(place.workspaceId, substringSql, values)
    },
  }
}
