import type { MemoryLedger, MemoryRow, RankedMemory } from "@engram/contracts/memories"
import type { Database } from "../database.ts"
import { createNearest } from "./nearest.ts"
import { filterValues, lives, memoryColumns, readable } from "./rows.ts"
import type { SurroundingsMemory } from "./surroundings.ts"

type Search = Pick<MemoryLedger, "livesSeen" | "newest" | "matching" | "nearest">

/** Of a namespace where more memories have a word of the query, these many are ranked: 10 ms' work. */
const matchesMax = 2_000

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

/**
 * By the function that may use the index of namespaces and words under row-level security. Any word matches, since a question
 * rarely has all its words in one memory; one that says just the same comes first. The more of the words, and the more often, the
 * better (`ts_rank_cd` takes four times as long and says little more of words that need not be together); a text of 64 different
 * words and more counts less with its length, or the longest would always win. One row more says whether there were words to
 * search for, also where nothing matches them.
 */
const matchingSql = `with ${lives}, words as materialized (select to_tsvector('public.engram_english', $4) as words)
  select (select length(words) = 0 from words) as wordless, m.*
  from (values (1)) one left join lateral (
    select ${memoryColumns}, f.rank + case when r.content = $4 then 1 else 0 end as rank
    from engram_matching_memories(array(select id from lives), $3, (select words from words), ${matchesMax}, $5) f
    cross join lateral (select * from memory_records r where r.id = f.id and ${readable} offset 0) r
    join lives n on n.id = r.namespace_id
    order by rank desc, ${pinnedFirst}) m on true`

const substringSql = `with ${lives}
  select ${memoryColumns}, 1::float8 as rank
  from lives n cross join lateral (
    select * from memory_records r where r.namespace_id = n.id and ${readable}
      and strpos(lower(unaccent(r.content)), lower(unaccent($4))) > 0 offset 0) r
  order by ${pinnedFirst} limit $5`

type Matched = { readonly wordless: boolean } & (RankedMemory | { readonly id: null })

export function createMemorySearch(database: Database, surroundings: SurroundingsMemory): Search {
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
        const rows = await database.oneInWorkspace<Matched>(place.workspaceId, matchingSql, values)
        if (!rows[0]!.wordless) {
          return rows.flatMap(({ wordless: _, ...row }) => (row.id === null ? [] : [row as RankedMemory]))
        }
      }
      return database.oneInWorkspace<RankedMemory>(place.workspaceId, substringSql, values)
    },
  }
}
