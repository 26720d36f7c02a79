import type { FoundLists, MemoryLedger, MemoryRow, NearQuestion, RankedMemory } from "@engram/contracts/memories"
import { compareText } from "@engram/core/compare-text"
import { dot } from "@engram/core/dot"
import { placesOf } from "@engram/core/places"
import type { Database } from "../database.ts"
import { floatsOf, modelKey } from "../embedding-values.ts"
import { nearestSql } from "./nearest.ts"
import { filterValues, listed, lives, pinnedFirst, readable, recordOf, wholeRow } from "./rows.ts"
import type { Namespace, SurroundingsMemory } from "./surroundings.ts"

/** Of a namespace where more memories have a word of the query, these many are ranked: 10 ms' work. */
const matchesMax = 2_000

/**
 * By the function that may use the index of namespaces and words under row-level security. Any word matches, since a question
 * rarely has all its words in one memory; one that says just the same comes first. The more of the words, and the more often, the
 * better (`ts_rank_cd` takes four times as long and says little more of words that need not be together); a text of 64 different
 * words and more counts less with its length, or the longest would always win.
 */
const byWords = `
    select f.id, f.pin, f.created_at, f.rank + case when f.rank >= 1 and exists (
        select from memory_records s where s.store_id = $1 and s.id = f.id and s.content = $4) then 1 else 0 end as rank
    from engram_matching_memories(array(select id from lives), $3, (select words from words), ${matchesMax}, $5) f
    offset 0`

// Each namespace is read from its newest on, until it has given as many as are asked for: what many memories hold is found at once.
const substringOf = (condition: string): string => `
    select r.id, r.pin, r.created_at, 1 as rank from lives n cross join lateral (
      select * from memory_records r where r.namespace_id = n.id and ${readable} and ${condition}
        and strpos(lower(unaccent(r.content)), lower(unaccent($4))) > 0 order by r.created_at desc, r.id limit $5) r`

const bySubstring = `${substringOf("r.pin")} union all ${substringOf("r.pin is not true")}`

/** The best `$5` of these, the first `$6` with what they say. */
const bestOf = (found: string): string => `
    select ${listed("c", "c.rank", `case when c.at <= $6 then (select ${wholeRow} from (values (1)) k ${recordOf("c.id")}) end`)} as row
    from (select r.*, row_number() over (order by r.rank desc, ${pinnedFirst}) as at from (${found}) r order by at limit $5) c
    order by c.at`

const texts = {
  words: {
    with: ", words as materialized (select to_tsvector('public.engram_english', $4) as words)",
    list: bestOf(byWords),
    wordless: "(select length(words) = 0 from words)",
  },
  substring: { with: "", list: bestOf(bySubstring), wordless: "false" },
  // A parameter that a statement does not speak of would have no type.
  none: {
    with: "",
    list: "select null::json as row where $4::text is null and $5::int is null and $6::int is null and false",
    wordless: "false",
  },
}

const nears = {
  ...nearestSql,
  none: { with: "", list: "select null::json as row where false", whole: "true" },
}

/** The lists in one row, with what is so for all of it: a column of its own in each row would be sent and read a hundred times. */
const statement = (text: keyof typeof texts, vectors: keyof typeof nears): string => `
  with ${lives}${texts[text].with}${nears[vectors].with}
  select (select coalesce(json_agg(json_build_object('id', n.id, 'name', n.name)), '[]') from lives n) as lives,
    pg_current_snapshot()::text as "asOf", ${texts[text].wordless} as wordless, ${nears[vectors].whole} as whole,
    (select coalesce(json_agg(t.row), '[]') from (${texts[text].list}) t) as "byText",
    (select coalesce(json_agg(v.row), '[]') from (${nears[vectors].list}) v) as "byVector"`

type Row = readonly [
  namespace: string,
  content: string,
  kind: string,
  source: string,
  expiresMs: number | null,
  propagation: string | null,
  createdMs: number,
]
type Listed = readonly [id: string, rank: number, pin: boolean | null, createdSeconds: number, row: Row | null]
type Near = readonly [...Listed, moving: boolean, values: string | null]
interface Answered {
  readonly lives: readonly Namespace[]
  readonly asOf: string
  readonly wordless: boolean
  /** False where more has changed than can be compared: then nothing is said of what is near. */
  readonly whole: boolean
  readonly byText: readonly Listed[]
  readonly byVector: readonly Near[]
}

/** What a search finds by words and by nearness, best first, in one statement. What the others say is read by whoever answers with them. */
export const createLists = (database: Database, surroundings: SurroundingsMemory): Pick<MemoryLedger, "lists"> => {
  const statements = new Map<string, string>()
  const statementOf = (text: keyof typeof texts, vectors: keyof typeof nears): string => {
    const key = `${text} ${vectors}`
    const known = statements.get(key) ?? statement(text, vectors)
    statements.set(key, known)
    return known
  }

  return {
    lists: async (place, filter, { text, near, max, rows }) => {
      const parameters = [...filterValues(place, filter), text?.query ?? null, max, rows]
      const ask = async (by: keyof typeof texts, way: keyof typeof nears): Promise<Answered> => {
        const values = () => [
          ...parameters,
          ...(near ? nearValues(place, near) : []),
          ...(near && way === "newest" ? [near.indexed === undefined] : []),
        ]
        const [row] = await database.oneInWorkspace<Answered>(place.workspaceId, statementOf(by, way), values)
        return row!
      }
      const way = near === undefined ? "none" : near.indexed === undefined ? "newest" : "fewChanged"
      const answered = await ask(text?.by ?? "none", way)
      const nearby = answered.whole ? answered : await ask("none", "newest")
      surroundings.saw(place, filter.namespaces, answered.lives)
      return {
        byText: answered.byText.map(rankedOf),
        wordless: answered.wordless,
        ...nearest(nearby.byVector, near, max),
        lives: answered.lives.map(({ id }) => id),
        // Texts of the first statement may have changed before the second.
        asOf: (text ? answered : nearby).asOf,
      }
    },
  }
}

/** $7 to $12 of a statement that looks for what is near, made when it is sent. */
const nearValues = ({ workspaceId }: { readonly workspaceId: string }, near: NearQuestion): unknown[] => [
  workspaceId,
  near.version.id,
  modelKey(near.version.model),
  near.exactMax,
  near.indexed?.flatMap(({ id, score }) => (score < near.scoreMin ? [] : [id])) ?? [],
  near.trailsMs(),
]

const rankedOf = ([id, rank, pin, createdSeconds, row]: Listed): RankedMemory => {
  const ranked = { id, rank, pin, createdAt: new Date(createdSeconds * 1_000) }
  return row === null ? ranked : { ...ranked, row: rowOf(id, pin, row) }
}

function rowOf(id: string, pin: boolean | null, row: Row): MemoryRow {
  const [namespace, content, kind, source, expiresMs, propagation, createdMs] = row
  const expiresAt = expiresMs === null ? null : new Date(expiresMs)
  return { id, namespace, content, kind, source, expiresAt, propagation, pin, createdAt: new Date(createdMs) }
}

function nearest(
  candidates: readonly Near[],
  near: NearQuestion | undefined,
  max: number,
): Pick<FoundLists, "byVector" | "unknown"> {
  if (near === undefined) return { byVector: [], unknown: new Set() }
  const scores = new Map(near.indexed?.map(({ id, score }) => [id, score]))
  const scored = candidates.map(([id, , pin, createdSeconds, row, moving, values]) =>
    rankedOf([id, scoreBy(scores, near.values, id, moving ? values : undefined), pin, createdSeconds, row]),
  )
  const byVector = scored.filter(({ rank }) => rank >= near.scoreMin)
  const unknown = new Set(scored.flatMap(({ id, rank }) => (Number.isNaN(rank) ? [id] : [])))
  return { byVector: bestFirst(byVector).slice(0, max), unknown }
}

/** By the index's score where the index can be believed, else exactly; NaN where the values are not known yet. */
function scoreBy(
  scores: ReadonlyMap<string, number>,
  asked: Float32Array,
  id: string,
  moving: string | null | undefined,
): number {
  if (moving === undefined) return scores.get(id) ?? Number.NEGATIVE_INFINITY
  return moving === null ? Number.NaN : dot(asked, floatsOf(Buffer.from(moving, "base64")))
}

/** Of equals the pinned first, then the newest. */
function bestFirst(memories: readonly RankedMemory[]): RankedMemory[] {
  const byRank = memories.toSorted((a, b) => b.rank - a.rank)
  const places = placesOf(byRank.map(({ rank }) => rank))
  return byRank
    .map((memory, at) => ({ memory, place: places[at]! }))
    .sort(
      (a, b) =>
        a.place - b.place ||
        Number(b.memory.pin ?? false) - Number(a.memory.pin ?? false) ||
        b.memory.createdAt.getTime() - a.memory.createdAt.getTime() ||
        compareText(a.memory.id, b.memory.id),
    )
    .map(({ memory }) => memory)
}
