import type { DeliveryState } from "@engram/contracts/deliveries"
import type { StoreId, WorkspaceId } from "@engram/contracts/ids"
import type { StorePlace } from "@engram/contracts/versions"
import type { Database } from "./database.ts"
import { isOwed } from "./knowledge/vectors.ts"

export interface ListedStore {
  readonly workspaceId: WorkspaceId
  readonly storeId: StoreId
  readonly name: string
  /** Whether documents can come into it: by a webhook or a key. The memory plugin's own store has neither. */
  readonly hasDoor: boolean
}

/** What is still to be done for a store. Nothing owed and nothing waiting means that search sees everything accepted. */
export interface Owed {
  /** Deliveries not read yet. */
  readonly deliveries: number
  /** Vectors that differ from what they should be. */
  readonly vectors: number
  /** Bodies of closed deliveries still in Postgres. */
  readonly bodies: number
}

/** What a reader of the store can see now. */
export interface StoreContents {
  readonly documents: { readonly [kind: string]: number }
  readonly observations: { readonly [kind: string]: number }
  readonly chunks: number
  readonly edges: { readonly [type: string]: number }
  readonly entities: { readonly [kind: string]: number }
  readonly vectors: { readonly owed: number; readonly indexed: number; readonly parked: number }
}

export interface Outcome {
  readonly event: string
  readonly state: DeliveryState
  readonly reason: string | null
  readonly deliveries: number
}

export interface NotableObservation {
  readonly kind: string
  readonly text: string
  readonly url: string | null
  readonly importance: number
}

/** An edge with its ends named as a person would: a title, a login, a repository's name. */
export interface NamedEdge {
  readonly from: string
  readonly type: string
  readonly to: string
}

export interface ListedScope {
  readonly id: string
  readonly key: string
  readonly name: string
  readonly privacy: "org" | "private"
}

/** Counts and examples, for the people who run it. */
export interface StoreReport {
  stores(): Promise<ListedStore[]>
  owed(place: StorePlace): Promise<Owed>
  contents(place: StorePlace): Promise<StoreContents>
  /** All rows of the workspace, by table; superseded and removed ones are rows too. */
  rows(workspaceId: string): Promise<{ [table: string]: number }>
  /** What privacy belongs to, private ones first. */
  scopes(workspaceId: string): Promise<ListedScope[]>
  outcomes(place: StorePlace): Promise<Outcome[]>
  /** The most important live observation of each kind, the most important kinds first. */
  notable(place: StorePlace, limit: number): Promise<NotableObservation[]>
  /** Live edges between things with names (a stub is named as others name it, if not by a number), up to `perType` of each type. */
  edges(workspaceId: string, perType: number): Promise<NamedEdge[]>
}

// All that hold what was told; leases come and go.
const tables = [
  "accounts",
  "api_keys",
  "audit_log",
  "connections",
  "consolidation_marks",
  "consolidation_runs",
  "document_deliveries",
  "document_entities",
  "document_parts",
  "embedding_values",
  "embedding_versions",
  "entities",
  "entity_aliases",
  "eval_queries",
  "eval_runs",
  "forgettings",
  "forgotten_refs",
  "identity_decisions",
  "imports",
  "ingest_deliveries",
  "knowledge_chunks",
  "knowledge_documents",
  "memory_namespaces",
  "memory_observations",
  "memory_profiles",
  "memory_records",
  "memory_summaries",
  "relationship_evidence",
  "relationships",
  "scopes",
  "stores",
  "suppressions",
  "vector_entries",
  "wanted_fetches",
]

const owedSql = `select
  (select count(*)::int from ingest_deliveries where workspace_id = $1 and store_id = $2 and state = 'received') as deliveries,
  (select count(*)::int from vector_entries where workspace_id = $1 and store_id = $2 and ${isOwed()}) as vectors,
  (select count(*)::int from ingest_deliveries
    where workspace_id = $1 and store_id = $2 and state <> 'received' and body is not null) as bodies`

const byKind = (table: string, column: string, where: string): string =>
  `(select coalesce(json_object_agg(k, n order by n desc, k), '{}') from
     (select ${column} as k, count(*)::int as n from ${table} where workspace_id = $1 and ${where} group by 1) t)`

const contentsSql = `select
  ${byKind("knowledge_documents", "kind", "store_id = $2 and live")} as documents,
  ${byKind("memory_observations", "kind", "store_id = $2 and live")} as observations,
  (select count(*)::int from knowledge_chunks c join knowledge_documents d on d.id = c.document_id
    where c.workspace_id = $1 and c.store_id = $2 and d.live and c.version_to is null) as chunks,
  ${byKind("relationships", "type", "live and until is null and $2::text is not null")} as edges,
  ${byKind("entities", "kind", "$2::text is not null")} as entities,
  (select jsonb_build_object('owed', count(*) filter (where ${isOwed()}),
      'indexed', count(*) filter (where wanted_hash is not null and wanted_hash = written_hash),
      'parked', count(*) filter (where parked_reason is not null))
    from vector_entries where workspace_id = $1 and store_id = $2) as vectors`

const outcomesSql = `select event, state, reason, count(*)::int as deliveries from ingest_deliveries
  where workspace_id = $1 and store_id = $2 group by 1, 2, 3 order by 4 desc, 1, 2, 3`

const notableSql = `select kind, text, url, importance from (
    select distinct on (kind) kind, text, url, importance from memory_observations
    where workspace_id = $1 and store_id = $2 and live order by kind, importance desc, length(text) desc, id) t
  order by importance desc, kind limit $3`

// An entity's fields are registers: {name: {value, clock}}.
const nameOf = (alias: string): string => `(
  select coalesce(
    (select d.title from knowledge_documents d where d.workspace_id = $1 and d.alias_id = a.id and d.live and d.title <> '' limit 1),
    e.state #>> '{fields,full_name,value}', e.state #>> '{fields,handle,value}', e.state #>> '{fields,login,value}', e.state #>> '{fields,name,value}',
    e.state #>> '{fields,title,value}', case when a.value ~ '[a-z]' then a.value end)
  from entity_aliases a left join entities e on e.id = a.entity_id where a.id = ${alias})`

const edgesSql = `select "from", type, "to" from (
    select *, row_number() over (partition by type order by confidence desc, "from", "to") as n from (
      select ${nameOf("r.from_alias_id")} as "from", r.type, ${nameOf("r.to_alias_id")} as "to", r.confidence
      from relationships r where r.workspace_id = $1 and r.live and r.until is null) named
    where "from" is not null and "to" is not null) t
  where n <= $2 order by type, n`

export function createStoreReport({ database }: { database: Database }): StoreReport {
  const listed = `select workspace_id as "workspaceId", id as "storeId", name,
    exists (select from connections c where c.store_id = stores.id) or exists (select from api_keys k where k.store_id = stores.id) as "hasDoor"
  from stores`
  const inPlace = <Row extends object>(place: StorePlace, sql: string, ...more: unknown[]): Promise<Row[]> =>
    database.inWorkspace(place.workspaceId, (tx) => tx.query<Row>(sql, [place.workspaceId, place.storeId, ...more]))
  return {
    stores: () => database.asFleet((tx) => tx.query<ListedStore>(`${listed} order by workspace_id, name`)),
    owed: async (place) => (await inPlace<Owed>(place, owedSql))[0]!,
    contents: async (place) => (await inPlace<StoreContents>(place, contentsSql))[0]!,
    rows: (workspaceId) =>
      database.inWorkspace(workspaceId, async (tx) => {
        const counts = tables.map((table) => `(select count(*)::int from ${table}) as ${table}`)
        return (await tx.query<{ [table: string]: number }>(`select ${counts.join(", ")}`))[0]!
      }),
    scopes: (workspaceId) =>
      database.inWorkspace(workspaceId, (tx) =>
        tx.query<ListedScope>("select id, key, name, privacy from scopes order by privacy desc, name, id"),
      ),
    outcomes: (place) => inPlace(place, outcomesSql),
    notable: (place, limit) => inPlace(place, notableSql, limit),
    edges: (workspaceId, perType) =>
      database.inWorkspace(workspaceId, (tx) => tx.query<NamedEdge>(edgesSql, [workspaceId, perType])),
  }
}
