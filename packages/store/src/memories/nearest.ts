import { listed, readable, recordOf, wholeRow } from "./rows.ts"

// $7 workspace, $8 version, $9 model, $10 how many are compared exactly, $11 what the index found, $12 how long the index trails in
// ms; of `newest` $13 too, whether it is away.

const owed = "v.wanted_hash is distinct from v.written_hash"
/** Of a store's vectors in one version; a tiny share of them, each by a partial index of its own. */
const mine = "v.workspace_id = $7 and v.store_id = $1 and v.embedding_version_id = $8 and v.family = 'memories'"
const recent = "now() - make_interval(secs => $12 / 1000.0)"

/**
 * Where the index says something else than Postgres wants, or may: owed; parked, so that what was written is of an older text;
 * written or removed so lately that the index may not show it ($12 ms).
 */
const changed = `changed as materialized (
    (select v.ref_id as id, v.wanted_hash is not null as wanted from vector_entries v
      where ${mine} and ${owed} and v.parked_reason is null limit $10 + 1) union all
    (select v.ref_id, false from vector_entries v where ${mine} and v.parked_reason is not null limit $10 + 1) union all
    (select v.ref_id, true from vector_entries v
      where ${mine} and v.written_at > ${recent} and v.wanted_hash is not null limit $10 + 1) union all
    (select v.ref_id, false from vector_entries v where ${mine} and v.removed_at > ${recent} limit $10 + 1)),
  few as materialized (select count(*) <= $10 as few from changed)`

// Base64 without its line breaks.
const valuesOf = `(select translate(encode(e.values, 'base64'), E'\\n', '') from embedding_values e
      where e.workspace_id = $7 and e.model = $9 and e.text_hash = v.text_hash offset 0)`
const entryOf = (id: string): string => `cross join lateral (
      select v.* from vector_entries v where v.store_id = $1 and v.family = 'memories' and v.ref_id = ${id} and v.view = 'body'
        and v.embedding_version_id = $8 and v.wanted_hash is not null offset 0) v`

interface NearestSql {
  /** More of the statement's `with`. */
  readonly with: string
  /** One column, `row`: what `listed` makes of a record `r`, then whether its vector is on the move, and its values if it is. */
  readonly list: string
  /** Whether the list is the whole answer. */
  readonly whole: string
}

/**
 * What changed is so little, in the whole store, that all of it can be compared ($10): then what the index found ($11) is so for all
 * else, and only has to be there still. Everything is looked up an id at a time (`offset 0`): a join would read whole namespaces, and
 * all values.
 */
const fewChanged: NearestSql = {
  with: `, ${changed}`,
  list: `select ${listed("r", "0", `case when k.at <= $6 then ${wholeRow} end`, "false", "null")} as row
      from unnest($11::text[]) with ordinality k(id, at) ${recordOf("k.id")}
      where (select few from few) and k.id not in (select id from changed)
    union all
    select ${listed("r", "0", "null", "true", valuesOf)}
      from (select distinct id from changed where wanted) k ${recordOf("k.id")} ${entryOf("k.id")} where (select few from few)`,
  whole: "(select few from few)",
}

/**
 * Of a backlog, or while the index is away ($13), the newest memories of the namespaces asked for are compared, and what the index
 * found is looked up one by one.
 */
const newest: NearestSql = {
  with: `, exact as (
      select r.id from lives n cross join lateral (
        select * from memory_records r where r.namespace_id = n.id and ${readable} order by r.created_at desc limit $10) r
      order by r.created_at desc limit $10)`,
  list: `select ${listed("r", "0", "null", "v.moving", `case when v.moving then ${valuesOf} end`)} as row
      from (select id from exact union select unnest($11::text[])) k ${recordOf("k.id")}
      cross join lateral (
        select v.text_hash, $13 or ${owed} or coalesce(v.written_at > ${recent}, false) as moving from vector_entries v
        where v.store_id = $1 and v.family = 'memories' and v.ref_id = k.id and v.view = 'body'
          and v.embedding_version_id = $8 and v.wanted_hash is not null and v.parked_reason is null offset 0) v`,
  whole: "true",
}

export const nearestSql = { fewChanged, newest }
