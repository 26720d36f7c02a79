import { fusionK } from "@engram/core/rank"
import { nearestSql } from "./nearest.ts"
import {
  asQuestion,
  isSaid,
  isShort,
  listed,
  lives,
  noneListed,
  pinnedFirst,
  readable,
  recordOf,
  wholeRow,
} from "./rows.ts"

// The statement that answers searches: by which words, and which way to what is near.

/** Of a namespace where more memories have a word of the query, these many are ranked: 10 ms' work. */
const matchesMax = 2_000

/**
 * By a function that may use the index of namespaces and words under row-level security. Any word matches, since a question
 * rarely has all its words in one memory; one that says just the same comes first. The more of the words, and the more often, the
 * better (`ts_rank_cd` takes four times as long and says little more of words that need not be together); a text of 64 different
 * words and more counts less with its length, or the longest would always win.
 */
const byWords = (ranking: string): string => `
    select f.id, f.pin, f.created_at, f.rank + case when f.rank >= 1 and exists (
        select from memory_records s where s.store_id = $1 and s.id = f.id and s.content = q.query) then 1 else 0 end as rank
    from ${ranking}(array(select id from lives), q.kinds, (select words from words), ${matchesMax}) f
    offset 0`

// Each namespace is read from its newest on, until it has given as many as are asked for: what many memories hold is found at once.
// Of an accent alone folding leaves nothing, which all texts hold.
const substringOf = (condition: string): string => `
    select r.id, r.pin, r.created_at, 1 as rank from lives n
    cross join (select lower(unaccent(q.query)) as folded offset 0) f cross join lateral (
      select * from memory_records r where r.namespace_id = n.id and ${readable(asQuestion)} and ${condition}
        and case when f.folded = '' then strpos(r.content, q.query) else strpos(lower(unaccent(r.content)), f.folded) end > 0
      order by r.created_at desc, r.id limit q.max) r`

const bySubstring = `${substringOf("r.pin")} union all ${substringOf("r.pin is not true")}`

/** The best `q.max` of these. */
const bestOf = (found: string): string => `, texts as materialized (
    select r.*, row_number() over (order by r.rank desc, ${pinnedFirst}) as at
    from (select * from (${found}) r order by r.rank desc, ${pinnedFirst} limit q.max) r order by at)`

const listOf = `
    select ${listed("t", "t.rank", `case when ${isSaid("t.id")} and t.id <> all(q.found) then (select ${wholeRow} from (values (1)) k ${recordOf(asQuestion, "t.id", isShort)}) end`)} as row
    from texts t order by t.at`

/**
 * What will hardly not be answered comes with what it says: the best by reciprocal rank, as the index had them and as if nothing were equal.
 * It says it once, where the index found it.
 */
const best = `, best as materialized (select array(
    select coalesce(t.id, k.id) from texts t full join unnest(q.found) with ordinality k(id, at) on k.id = t.id
    order by coalesce(1 / (${fusionK} + t.at)::float8, 0) + coalesce(1 / (${fusionK} + k.at)::float8, 0) desc limit q.rows) as ids)`

const wordsBy = (ranking: string) => ({
  with: `, words as materialized (select to_tsvector('public.engram_english', q.query) as words)${bestOf(byWords(ranking))}`,
  list: listOf,
  wordless: "(select length(words) = 0 from words)",
  ranked: "not exists (select from texts where rank is null)",
})

/** Where a namespace has more matches than are ranked, `words` does not rank them, and `chosenWords` does. */
const texts = {
  words: wordsBy("engram_ranked_memories"),
  chosenWords: wordsBy("engram_chosen_memories"),
  substring: { with: bestOf(bySubstring), list: listOf, wordless: "false", ranked: "true" },
  none: {
    with: ", texts as (select null as id, 0 as at where false)",
    list: noneListed,
    wordless: "false",
    ranked: "true",
  },
}

const nears = {
  ...nearestSql,
  none: { shared: "", with: "", list: noneListed, whole: "true" },
}

export type Text = keyof typeof texts
export type Way = keyof typeof nears

/**
 * $1 the store, $2 the questions. The lists of each in one row, with what is so for all of it: a column of its own in each row would
 * be sent and read a hundred times.
 */
export const listsSql = (text: Text, way: Way): string => `
  ${nears[way].shared}
  select q.at, a.* from json_to_recordset($2) q(at int, names text[], kinds text[], query text, max int, rows int, found text[])
  cross join lateral (
    with ${lives(asQuestion)}${texts[text].with}${best}${nears[way].with}
    select (select coalesce(json_agg(json_build_object('id', n.id, 'name', n.name)), '[]') from lives n) as lives,
      pg_current_snapshot()::text as "asOf", ${texts[text].wordless} as wordless, ${texts[text].ranked} as ranked, ${nears[way].whole} as whole,
      (select coalesce(json_agg(t.row), '[]') from (${texts[text].list}) t) as "byText",
      (select coalesce(json_agg(v.row), '[]') from (${nears[way].list}) v) as "byVector") a`
