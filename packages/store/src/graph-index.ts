import type {
  Adjacency,
  EdgeEvidence,
  GraphIndex,
  GraphNode,
  GraphReader,
  NodeAlias,
  StoredEdge,
} from "@engram/contracts/neighbourhood"
import { aliasId } from "@engram/core/ids"
import type { Database } from "./database.ts"
import { type NodeRow, nodeOfRow } from "./graph-node.ts"
import { isMet } from "./knowledge/conditions.ts"
import { isReadable } from "./readable.ts"

// What one node is, is said by these: all aliases of all accounts of a person, all aliases of another entity, or an alias that
// nobody claimed.
const personOf = (entity: string): string => `(select p.person_id from accounts p where p.id = ${entity})`
const nodeOf = `coalesce(${personOf("a.entity_id")}, a.entity_id, a.id)`
const isOfNodes = `(a.entity_id = any($2) or a.entity_id = any (array(
    select p.id from accounts p where p.workspace_id = $1 and p.person_id = any($2))) or (a.id = any($2) and a.entity_id is null))`
/** The entities of `a`'s node. */
const entitiesOfNode = `select coalesce(array_agg(q.id order by q.id), array[a.entity_id]) as ids from accounts p
    join accounts q on q.workspace_id = $1 and q.person_id = p.person_id where p.id = a.entity_id`
const isOfSameNode = "(s.id = a.id or s.entity_id = any(same.ids))"

/** A timestamp as `Date.toISOString` writes it. */
const iso = (column: string): string => `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/** At most 320 characters, and no name cut in two without a sign of it. */
const beginning = (text: string): string =>
  `case when length(${text}) > 320 then left(${text}, 319) || '…' else ${text} end`

// $1 workspace, $2 the reader's store or null for all, $3 its granted scopes or null for all

const readable = (scope: string): string => isReadable(scope, "$3")

/** Evidence `e` of a relationship that counts and that the reader may see, with its document `d` and its observation `o`. */
const seenEvidence = `relationship_evidence e
  left join memory_observations o on o.id = e.evidence_id
  left join scopes os on os.id = o.scope_id
  left join knowledge_documents d on d.id = coalesce(o.document_id, e.evidence_id)
  left join scopes ds on ds.id = d.scope_id`
const isSeen = `e.workspace_id = $1 and e.live and ($2::text is null or coalesce(o.store_id, d.store_id) = $2)
  and (o.id is null or ${readable("os")}) and (d.scope_id is null or ${readable("ds")})
  and ($3::text[] is null or o.id is not null or d.scope_id is not null)
  and ${isMet}`

const findSql = `
  select distinct ${nodeOf} as id from entity_aliases a
  where a.workspace_id = $1 and (a.id = any($2) or a.entity_id = any($2) or a.id in (
    select alias_id from knowledge_documents where workspace_id = $1 and (id = any($2) or url = any($3))))`

const aliasesSql = `
  select a.id, ${nodeOf} as "nodeId", a.alias_type as type, a.value from entity_aliases a
  where a.workspace_id = $1 and ${isOfNodes} order by a.id`

const ends = { out: ["from_alias_id", "to_alias_id"], in: ["to_alias_id", "from_alias_id"] } as const

// A row's xmin is another after every change of it.
const stampsSql = `${(["out", "in"] as const)
  .map(
    (direction) => `
  select t.id as "aliasId", '${direction}' as direction, count(r.id)::int as count,
         count(r.id) || ':' || coalesce(sum(hashtextextended(r.id || r.xmin::text, 0)), 0) as stamp
  from unnest($2::text[]) t(id)
  left join relationships r on r.workspace_id = $1 and r.${ends[direction][0]} = t.id and r.live group by t.id`,
  )
  .join(" union all ")}`

// By turns, so that a thousand issues of a repository leave room for its owners.
const edgesSql = (direction: "out" | "in", filter: string): string => `
  select t.id as "aliasId", '${direction}' as direction, x.edges from unnest($4::text[]) t(id) cross join lateral (
    select coalesce(json_agg(json_build_object('id', y.id, 'type', y.type, 'otherAliasId', y.other,
             'detectedBy', y.detected_by, 'since', ${iso("y.since")}) order by y.turn, y.type, y.id), '[]') as edges from (
      select r.id, r.type, r.${ends[direction][1]} as other, r.detected_by, r.since,
             row_number() over (partition by r.type order by r.until is null desc, r.confidence desc, r.since desc, r.id) as turn
      from relationships r where r.workspace_id = $1 and r.${ends[direction][0]} = t.id and r.live ${filter}
      order by turn, r.type, r.id limit $5) y) x`
const onlySeen = `and exists (select from ${seenEvidence} where e.relationship_id = r.id and ${isSeen})`

const evidenceSql = `
  select x.* from unnest($4::text[]) t(id) cross join lateral (
    select y.relationship_id as "relationshipId", max(y.confidence) as confidence, ${iso("min(y.since)")} as since,
           case when bool_or(y.until is null) then null else ${iso("max(y.until)")} end as until, count(*)::int as "evidenceCount",
           json_agg(json_build_object('documentId', y."documentId", 'observationId', y."observationId", 'source', y.source,
             'kind', y.kind, 'title', y.title, 'url', y.url, 'text', y.text, 'confidence', y.confidence,
             'since', ${iso("y.since")}, 'until', ${iso("y.until")}) order by y.place) filter (where y.place <= $5) as evidence
    from (
      select e.relationship_id, e.confidence, e.since, e.until, d.id as "documentId", o.id as "observationId",
             coalesce(o.source, d.source) as source, coalesce(o.kind, d.kind) as kind, coalesce(o.title, d.title, '') as title,
             coalesce(o.url, d.url) as url, ${beginning("coalesce(o.summary, o.text)")} as text,
             row_number() over (order by e.until is null desc, e.confidence desc, e.since desc, e.evidence_id) as place
      from ${seenEvidence} where e.relationship_id = t.id and ${isSeen}) y
    group by y.relationship_id) x`

const nodesSql = `
  select a.id as "aliasId", ${nodeOf} as id, a.entity_id as "entityId", n.kind, n.state #> '{fields}' as fields, names.all as aliases,
         d.document, accounts.all as accounts
  from entity_aliases a left join entities n on n.id = a.entity_id
  cross join lateral (${entitiesOfNode}) same
  cross join lateral (
    select coalesce(json_agg(json_build_object('name', q.name, 'handle', q.handle, 'url', e.state #>> '{fields,url,value}') order by q.id)
             filter (where cardinality(same.ids) > 1), '[]') as all
    from accounts q join entities e on e.id = q.id where q.id = any(same.ids)) accounts
  cross join lateral (
    select json_agg(json_build_object('type', s.alias_type, 'value', s.value) order by s.alias_type, s.value) as all
    from entity_aliases s where s.workspace_id = $1 and ${isOfSameNode}) names
  left join lateral (
    select json_build_object('id', d.id, 'kind', d.kind, 'title', d.title, 'state', d.state, 'url', d.url) as document
    from knowledge_documents d join entity_aliases da on da.id = d.alias_id left join scopes s on s.id = d.scope_id
    where d.workspace_id = $1 and d.live and ($2::text is null or d.store_id = $2) and ${readable("s")}
      and d.alias_id in (select s.id from entity_aliases s where s.workspace_id = $1 and ${isOfSameNode})
    order by d.id limit 1) d on true
  where a.workspace_id = $1 and a.id = any($4)`

// Names are few enough to be looked through when somebody asks for one that does not exist.
const resemblingSql = `
  select distinct on (${nodeOf}) a.id, ${nodeOf} as node, length(a.value) as length,
         lower($2) in (lower(a.value), lower(n.state #>> '{fields,name,value}'), lower(n.state #>> '{fields,login,value}')) as exact
  from entity_aliases a left join entities n on n.id = a.entity_id
  where a.workspace_id = $1 and (a.value ilike $3 or n.state #>> '{fields,name,value}' ilike $3 or n.state #>> '{fields,title,value}' ilike $3)
  order by ${nodeOf}, exact desc, a.entity_id is null, length(a.value), a.value`

export const createGraphIndex = (database: Database): GraphIndex => ({
  find: (workspaceId, { aliases, ids, urls }) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const wanted = [...ids, ...aliases.map((alias) => aliasId(workspaceId, alias))]
      const rows = await tx.query<{ id: string }>(findSql, [workspaceId, wanted, urls])
      return rows.map((row) => row.id).sort()
    }),

  resembling: (reader, text, max) =>
    database.inWorkspace(reader.workspaceId, async (tx) => {
      const pattern = `%${text.replace(/[\\%_]/g, "\\$&")}%`
      const rows = await tx.query<{ id: string; exact: boolean }>(
        `select id, exact from (${resemblingSql}) x order by exact desc, length, node limit $4`,
        [reader.workspaceId, text, pattern, max],
      )
      const aliasIds = rows.map((row) => row.id)
      const nodes = await tx.query<NodeRow>(nodesSql, [...who(reader), aliasIds])
      return rows.flatMap(({ id, exact }) => {
        const row = nodes.find((node) => node.aliasId === id)
        return row ? [{ ...nodeOfRow(reader, row), exact: exact === true }] : []
      })
    }),

  aliases: (workspaceId, nodeIds) =>
    database.inWorkspace(workspaceId, (tx) => tx.query<NodeAlias>(aliasesSql, [workspaceId, nodeIds])),

  stamps: (workspaceId, aliasIds) =>
    database.inWorkspace(workspaceId, (tx) =>
      tx.query<Adjacency & { stamp: string; count: number }>(stampsSql, [workspaceId, aliasIds]),
    ),

  edges: (workspaceId, asked, max, reader) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const filter =
        reader && reader.scopeIds !== "all"
          ? onlySeen
          : "and ($2::text is null or true) and ($3::text[] is null or true)"
      const answer: (Adjacency & { edges: StoredEdge[] })[] = []
      for (const direction of ["out", "in"] as const) {
        const aliasIds = asked.flatMap((one) => (one.direction === direction ? [one.aliasId] : []))
        if (aliasIds.length === 0) continue
        const values = [...who(reader ?? { workspaceId, storeId: "all", scopeIds: "all" }), aliasIds, max]
        answer.push(...(await tx.query<Adjacency & { edges: StoredEdge[] }>(edgesSql(direction, filter), values)))
      }
      return answer
    }),

  evidence: (reader, relationshipIds, evidenceMax) =>
    database.inWorkspace(reader.workspaceId, (tx) =>
      tx.query<EdgeEvidence>(evidenceSql, [...who(reader), relationshipIds, evidenceMax]),
    ),

  nodes: (reader, aliasIds) =>
    database.inWorkspace(reader.workspaceId, async (tx) => {
      const rows = await tx.query<NodeRow>(nodesSql, [...who(reader), aliasIds])
      return new Map(rows.map((row): [string, GraphNode] => [row.aliasId, nodeOfRow(reader, row)]))
    }),
})

const who = ({ workspaceId, storeId, scopeIds }: GraphReader): unknown[] => [
  workspaceId,
  storeId === "all" ? null : storeId,
  scopeIds === "all" ? null : scopeIds,
]
