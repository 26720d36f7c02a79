import { asQuestion, isSaid, isShort, listed, noneListed, readable, recordOf, wholeRow } from "./rows.ts"
import { hashPrefix } from "./vectors.ts"

// $3 workspace, $4 version, $5 model, $6 how many are compared exactly, $7 how long the index trails in ms; of `newest` $8 too,
// whether it is away. What the index found for a question `q` is `q.found`.

const owed = "v.wanted_hash is distinct from v.written_hash"
/** Of a store's vectors in one version; a tiny share of them, each by a partial index of its own. */
const mine = "v.workspace_id = $3 and v.store_id = $1 and v.embedding_version_id = $4 and v.family = 'memories'"
const recent = "now() - make_interval(secs => $7 / 1000.0)"

/**
 * Where the index says something else than Postgres wants, or may: owed; parked, so that what was written is of an older text;
 * written or removed so lately that the index may not show it ($7 ms).
 */
const changed = `changed as materialized (
    (select v.ref_id as id, v.wanted_hash is not null as wanted from vector_entries v
      where ${mine} and ${owed} and v.parked_reason is null limit $6 + 1) union all
    (select v.ref_id, false from vector_entries v where ${mine} and v.parked_reason is not null limit $6 + 1) union all
    (select v.ref_id, true from vector_entries v
      where ${mine} and v.written_at > ${recent} and v.wanted_hash is not null limit $6 + 1) union all
    (select v.ref_id, false from vector_entries v where ${mine} and v.removed_at > ${recent} limit $6 + 1)),
  few as materialized (select count(*) <= $6 as few from changed)`

// Base64 without its line breaks.
const valuesOf = `(select translate(encode(e.values, 'base64'), E'\\n', '') from embedding_values e
      where e.workspace_id = $3 and e.model = $5 and e.text_hash = v.text_hash offset 0)`
const entryOf = (id: string): string => `cross join lateral (
      select v.* from vector_entries v where v.store_id = $1 and v.family = 'memories' and v.ref_id = ${id} and v.view = 'body'
        and v.embedding_version_id = $4 and v.wanted_hash is not null offset 0) v`

interface NearestSql {
  /** What is read once for all questions of a statement. */
  readonly shared: string
  /** More of a question's `with`. */
  readonly with: string
  /** One column, `row`: what `listed` makes of a record `r`, then whether its vector is on the move, and its values if it is. */
  readonly list: string
  /** Whether the list is the whole answer. */
  readonly whole: string
}

/**
 * What changed is so little, in the whole store, that all of it can be compared ($6): then what the index found is so for all
 * else, and only has to be there still. Everything is looked up an id at a time (`offset 0`): a join would read whole namespaces, and
 * all values.
 */
const fewChanged: NearestSql = {
  shared: `with ${changed}, moving as materialized (
      select r.store_id, r.id, r.namespace_id, r.kind, r.expires_at, r.pin, r.created_at
      from (select distinct id from changed where wanted and (select few from few)) k
      cross join lateral (select * from memory_records r where r.store_id = $1 and r.id = k.id offset 0) r)`,
  with: "",
  list: `select ${listed("r", "0", `case when ${isSaid("k.id")} and ${isShort} then ${wholeRow} end`, "false", "null")} as row
      from unnest(q.found) with ordinality k(id, at) ${recordOf(asQuestion, "k.id")}
      where (select few from few) and k.id not in (select id from changed)
    union all
    select ${listed("r", "0", "null", "true", valuesOf)}
      from (select r.* from moving r join lives n on n.id = r.namespace_id where ${readable(asQuestion)} offset 0) r ${entryOf("r.id")}`,
  whole: "(select few from few)",
}

const newestBy = (time: string): string => `
      (select r.id from lives n cross join lateral (
        select * from memory_records r where r.namespace_id = n.id and ${readable(asQuestion)} and ${time} is not null order by ${time} desc limit $6) r
      order by ${time} desc limit $6)`

/**
 * Of a backlog, or while the index is away ($8), the memories of the namespaces asked for that were written last are compared, those that are new
 * and those that replaced another, and what the index found is looked up one by one.
 */
const newest: NearestSql = {
  shared: "",
  with: `, exact as (${newestBy("r.created_at")} union ${newestBy("r.replaced_at")})`,
  list: `select ${listed("r", "0", "null", "v.moving", `case when v.moving then ${valuesOf} end`)} as row
      from (select id from exact union select unnest(q.found)) k ${recordOf(asQuestion, "k.id")}
      cross join lateral (
        select v.text_hash, $8 or ${owed} or coalesce(v.written_at > ${recent}, false) as moving from vector_entries v
        where v.store_id = $1 and v.family = 'memories' and v.ref_id = k.id and v.view = 'body'
          and v.embedding_version_id = $4 and v.wanted_hash is not null and v.parked_reason is null offset 0) v`,
  whole: "true",
}

/** Nothing is near: the whole answer where no memory of the workspace has values of the model, and none of the store waits for them. */
const nothing: NearestSql = {
  shared: `with filled as materialized (select
      exists (select from embedding_values e where e.workspace_id = $3 and e.model = $5 and e.text_hash >= '${hashPrefix}')
      or exists (select from vector_entries v where ${mine} and ${owed} and v.parked_reason is null) as filled)`,
  with: "",
  list: noneListed,
  whole: "(select not filled from filled)",
}

export const nearestSql = { fewChanged, newest, nothing }
