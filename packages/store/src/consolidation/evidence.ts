import type { ConsolidationLedger, EvidenceRow, MemberRow, TopicCount } from "@engram/contracts/consolidation-ledger"
import { topicWords } from "@engram/core/consolidate/topics"
import type { Database } from "../database.ts"
import { floatsOf, modelKey, saveValues } from "../embedding-values.ts"
import { openVersions } from "../knowledge/vectors.ts"

type Reading = Pick<
  ConsolidationLedger,
  "members" | "topicCounts" | "evidence" | "values" | "saveValues" | "versions" | "sampleTexts"
>

/**
 * Live observations with whom they are readable by: the workspace, or those of one private scope. What two private scopes hold
 * (its own, and its document's since that moved) is nobody's, and so is what a scope holds that is not known or gone.
 */
export const readableObservations = `memory_observations o
  join scopes s on s.id = o.scope_id and s.live
  left join knowledge_documents d on d.id = o.document_id
  left join scopes ds on ds.id = d.scope_id
  cross join lateral (select
    case when s.privacy = 'private' then s.id when ds.privacy = 'private' then ds.id end as private_to,
    case when ds.id is null or ds.id = s.id then array[s.id] else array[s.id, ds.id] end as scope_ids) r`
export const isReadable = `o.live and (d.scope_id is null or ds.live)
  and (ds.id is null or ds.id = s.id or s.privacy = 'org' or ds.privacy = 'org')`

/** With `= any` the names are hashed; `&&` would compare each with each. */
export const isAbout = (names: string): string =>
  `exists (select from unnest(o.subject_alias_ids) as about(alias_id) where about.alias_id = any(${names}))`

const inDays = (from: string, until: string): string =>
  `o.occurred_at >= (${from}::date)::timestamp at time zone 'UTC' and o.occurred_at < (${until}::date)::timestamp at time zone 'UTC'`

const ms = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`

const literal = (words: readonly string[]): string => `array[${words.map((word) => `'${word}'`).join()}]::text[]`
/** core's `topicOf`, from the same table of words. */
const topic = `case ${topicWords
  .map(({ topic, tags, kinds }) => `when o.tags && ${literal(tags)} or o.kind = any(${literal(kinds)}) then '${topic}'`)
  .join(" ")} else 'work' end`

const topicsSql = `
  with members as materialized (
    select o.id, o.content_hash, o.source, o.kind, o.tags, o.occurred_at, o.importance, ${topic} as topic, r.private_to, r.scope_ids
    from ${readableObservations}
    where o.workspace_id = $1 and o.store_id = $2 and ${inDays("$3", "$4")} and ${isReadable}),
  words as (
    select topic, private_to, 'sources' as sort, source as word, count(*)::int as n from members group by 1, 2, 4
    union all select topic, private_to, 'kinds', kind, count(*)::int from members group by 1, 2, 4
    union all select topic, private_to, 'labels', tag, count(*)::int from members, unnest(tags) as tag group by 1, 2, 4
    union all select topic, private_to, 'weeks', date_trunc('week', occurred_at at time zone 'UTC')::date::text, count(*)::int from members group by 1, 2, 4)
  select g.*, (
      select json_agg(json_build_array(w.sort, w.word, w.n)) from words w
      where w.topic = g.topic and w.private_to is not distinct from g."scopeId") as words,
    (select array_agg(distinct scope) from members m, unnest(m.scope_ids) as scope
     where m.topic = g.topic and m.private_to is not distinct from g."scopeId") as "scopeIds",
    (select json_agg(x order by x.importance desc, x."occurredAt" desc, x.id) from (
       select m.id, m.content_hash as "contentHash", m.importance, ${ms("m.occurred_at")} as "occurredAt" from members m
       where m.topic = g.topic and m.private_to is not distinct from g."scopeId"
       order by m.importance desc, m.occurred_at desc, m.id limit $5) x) as seen
  from (
    select topic, private_to as "scopeId", count(*)::int as observations, ${ms("max(occurred_at)")} as "newestAt",
           count(*) || ':' || sum(hashtextextended(id || ' ' || content_hash, 0)) as "evidenceHash"
    from members group by 1, 2) g`

interface TopicRow extends Omit<TopicCount, "coverage"> {
  readonly observations: number
  readonly words: readonly (readonly [sort: "sources" | "kinds" | "labels" | "weeks", word: string, n: number])[]
}

/** Words of each sort in a coverage, as core's `coverageOf` has it. */
const wordsMax = 20

function topicCount({ observations, words, ...row }: TopicRow): TopicCount {
  const of = (sort: TopicRow["words"][number][0]) => words.filter((each) => each[0] === sort)
  const commonest = (sort: TopicRow["words"][number][0]) =>
    Object.fromEntries(
      of(sort)
        .sort((a, b) => b[2] - a[2] || (a[1] < b[1] ? -1 : 1))
        .slice(0, wordsMax)
        .map(([, word, n]) => [word, n]),
    )
  const weeks = of("weeks").sort((a, b) => (a[1] < b[1] ? -1 : 1))
  return {
    ...row,
    coverage: {
      observations,
      sources: commonest("sources"),
      kinds: commonest("kinds"),
      labels: commonest("labels"),
      histogram: Object.fromEntries(weeks.map(([, week, n]) => [week, n])),
    },
  }
}

export const createEvidence = (database: Database): Reading => ({
  members: (workspaceId, { storeId, from, until, aliasIds }) =>
    database.inWorkspace(workspaceId, (tx) =>
      tx.query<MemberRow>(
        `select o.id, o.source, o.kind, o.tags, ${ms("o.occurred_at")} as "occurredAt", o.importance, o.content_hash as "contentHash",
                o.subject_alias_ids as "subjectAliasIds", r.private_to as "privateTo", r.scope_ids as "scopeIds"
         from ${readableObservations}
         where o.workspace_id = $1 and o.store_id = $2 and ${inDays("$3", "$4")} and ${isAbout("$5")} and ${isReadable}`,
        [workspaceId, storeId, from, until, aliasIds],
      ),
    ),

  topicCounts: (workspaceId, { storeId, window, seenMax }) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const rows = await tx.query<TopicRow>(topicsSql, [workspaceId, storeId, window.from, window.until, seenMax])
      return rows.map(topicCount)
    }),

  evidence: (workspaceId, ids) =>
    database.inWorkspace(workspaceId, (tx) =>
      tx.query<EvidenceRow>(
        `select o.id, o.title, o.text, o.source, o.kind, ${ms("o.occurred_at")} as "occurredAt", o.importance
         from memory_observations o where o.workspace_id = $1 and o.id = any($2) and o.live`,
        [workspaceId, ids],
      ),
    ),

  values: (workspaceId, model, textHashes) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const rows = await tx.query<{ textHash: string; values: Buffer }>(
        `select text_hash as "textHash", values from embedding_values where workspace_id = $1 and model = $2 and text_hash = any($3)`,
        [workspaceId, modelKey(model), textHashes],
      )
      return new Map(rows.map(({ textHash, values }) => [textHash, floatsOf(values)]))
    }),

  saveValues: (workspaceId, model, rows) =>
    database.inWorkspace(workspaceId, (tx) => saveValues(tx, workspaceId, model, rows)),

  versions: (workspaceId, storeId) => database.inWorkspace(workspaceId, (tx) => openVersions(tx, storeId)),

  sampleTexts: (workspaceId, storeId, max) =>
    database.inWorkspace(workspaceId, async (tx) => {
      // Ids are hashes: the smallest are a fair sample, and the same one every time.
      const rows = await tx.query<{ text: string }>(
        `select concat_ws('. ', o.title, o.text) as text from ${readableObservations}
         where o.workspace_id = $1 and o.store_id = $2 and ${isReadable} and r.private_to is null order by o.id limit $3`,
        [workspaceId, storeId, max],
      )
      return rows.map(({ text }) => text)
    }),
})
