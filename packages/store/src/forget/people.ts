import type { ForgetCounts, ForgetLedger, NamedPerson } from "@engram/contracts/forget"
import type { AliasRef } from "@engram/contracts/graph"
import type { AliasId, DocumentId, EntityId } from "@engram/contracts/ids"
import type { ObservationRow } from "@engram/contracts/knowledge"
import { UnclearName } from "@engram/contracts/privacy"
import { holdConsolidation } from "../consolidation/hold.ts"
import type { Database } from "../database.ts"
import { observationColumns } from "../knowledge/observations.ts"
import { inWorkspaceUnlessHeld } from "../legal-hold.ts"
import type { Transaction } from "../transaction.ts"
import { removeDerived } from "./remove-derived.ts"
import { removeEntities, removeEvidence, removeObservations } from "./remove-documents.ts"
import { removeVectors } from "./remove-vectors.ts"

type People = Pick<
  ForgetLedger,
  | "personNamed"
  | "documentsHolding"
  | "momentsHolding"
  | "saveMoments"
  | "entitiesHolding"
  | "saveEntityStates"
  | "removeQueriesHolding"
  | "removePerson"
  | "noteTexts"
  | "dropSuperseded"
  | "wordsLeft"
>

/** Fields of an account that say who it is. */
const nameFields = ["name", "login", "handle", "email", "displayName", "realName", "username"]

/** Rows whose JSON or text holds a word, whatever its case. */
const patterns = (words: readonly string[]): string[] =>
  words.map((word) => `%${word.replace(/[\\%_]/g, (character) => `\\${character}`)}%`)

export const createPeopleForgetting = (database: Database): People => ({
  personNamed: (workspaceId, alias) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const rows = await tx.query<{ entityId: EntityId; type: string; value: string }>(
        `select a.entity_id as "entityId", a.alias_type as type, a.value from entity_aliases a join entities e on e.id = a.entity_id
         where a.workspace_id = $1 and e.kind = 'account'
           and (a.alias_type || ':' || a.value = $2 or a.value = $2 or a.value = lower($2))`,
        [workspaceId, alias],
      )
      const entityIds = [...new Set(rows.map(({ entityId }) => entityId))]
      if (entityIds.length === 0) return undefined
      if (entityIds.length > 1) {
        const known = rows.map(({ type, value }) => `${type}:${value}`)
        throw new UnclearName(`several accounts go by ${alias}: ${known.join(", ")}; name one with its type`)
      }
      return personOf(tx, workspaceId, await accountsOf(tx, workspaceId, entityIds))
    }),

  documentsHolding: (workspaceId, { words, partIds }, after, max) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const rows = await tx.query<{ id: DocumentId }>(
        `select distinct document_id as id from document_parts
         where workspace_id = $1 and document_id > $3 and (state::text ilike any($2) or lower(part_id) = any($5))
         order by 1 limit $4`,
        [workspaceId, patterns(words), after, max, partIds],
      )
      return rows.map(({ id }) => id)
    }),

  momentsHolding: (workspaceId, words, aliasIds, after, max) =>
    database.inWorkspace(workspaceId, (tx) =>
      tx.query<ObservationRow>(
        `select ${observationColumns} from memory_observations
         where workspace_id = $1 and id > $4 and class = 'moment' and (subject_alias_ids && $3
           or concat_ws(' ', title, summary, text, url) ilike any($2)) order by id limit $5`,
        [workspaceId, patterns(words), aliasIds, after, max],
      ),
    ),

  saveMoments: (workspaceId, forgettingId, rows) =>
    inWorkspaceUnlessHeld(database, workspaceId, async (tx) => {
      await holdConsolidation(tx, workspaceId)
      await tx.query(
        `update memory_observations o set title = r.title, summary = r.summary, text = r.text, url = r.url,
                subject_alias_ids = r."subjectAliasIds", content_hash = r."contentHash"
         from json_to_recordset($2) as r(id text, title text, summary text, text text, url text, "subjectAliasIds" text[], "contentHash" text)
         where o.workspace_id = $1 and o.id = r.id`,
        [workspaceId, JSON.stringify(rows)],
      )
      await removeDerived(tx, { workspaceId, forgettingId }, rows)
    }),

  entitiesHolding: (workspaceId, words) =>
    database.inWorkspace(workspaceId, (tx) =>
      tx.query<{ id: EntityId; state: unknown }>(
        "select id, state from entities where workspace_id = $1 and state::text ilike any($2) order by id",
        [workspaceId, patterns(words)],
      ),
    ),

  saveEntityStates: (workspaceId, rows) =>
    inWorkspaceUnlessHeld(database, workspaceId, async (tx) => {
      await tx.query(
        `update entities e set state = r.state from json_to_recordset($2) as r(id text, state jsonb)
         where e.workspace_id = $1 and e.id = r.id`,
        [workspaceId, JSON.stringify(rows)],
      )
    }),

  removeQueriesHolding: (workspaceId, words) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const gone = await tx.query(
        "delete from eval_queries where workspace_id = $1 and query ~* any($2) returning id",
        [workspaceId, wholeWords(words)],
      )
      return { eval_queries: gone.length }
    }),

  removePerson: (workspaceId, forgettingId, person) =>
    inWorkspaceUnlessHeld(database, workspaceId, (tx) =>
      removePerson(tx, { workspaceId, forgettingId, replay: false }, person),
    ),

  noteTexts: (workspaceId, forgettingId, observationIds) =>
    database.inWorkspace(workspaceId, async (tx) => {
      await tx.query(
        `insert into forgotten_refs (forgetting_id, workspace_id, kind, ref)
         select distinct $2, $1, 'text', text_hash from vector_entries
         where workspace_id = $1 and family = 'observations' and ref_id = any($3) on conflict do nothing`,
        [workspaceId, forgettingId, observationIds],
      )
    }),

  dropSuperseded: (workspaceId, forgettingId) =>
    inWorkspaceUnlessHeld(database, workspaceId, async (tx) => {
      const place = { workspaceId, forgettingId, replay: false }
      const rewritten = `(select ref from forgotten_refs where workspace_id = $1 and forgetting_id = $2 and kind = 'rewritten')`
      const chunks = await tx.query<{ id: string }>(
        `select id from knowledge_chunks where workspace_id = $1 and document_id in ${rewritten} and version_to is not null`,
        [workspaceId, forgettingId],
      )
      const statements = await tx.query<{ id: string }>(
        `select id from memory_observations
         where workspace_id = $1 and document_id in ${rewritten} and class = 'statement' and not live`,
        [workspaceId, forgettingId],
      )
      const chunkIds = chunks.map(({ id }) => id)
      const statementIds = statements.map(({ id }) => id)
      await removeVectors(tx, place, [
        ["chunks", chunkIds],
        ["observations", statementIds],
      ])
      await tx.query("delete from knowledge_chunks where workspace_id = $1 and id = any($2)", [workspaceId, chunkIds])
      await removeObservations(tx, place, statementIds)
    }),

  wordsLeft: (workspaceId, { words, partIds }) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const counts: Record<string, number> = {}
      for (const [table, said] of Object.entries(textColumns)) {
        const part = partTables.has(table) ? "lower(part_id)" : "null::text"
        const [row] = await tx.query<{ n: number }>(
          `select count(*)::int as n from ${table} where workspace_id = $1 and (${said} ~* any($2) or ${part} = any($3))`,
          [workspaceId, wholeWords(words), partIds],
        )
        counts[table] = row!.n
      }
      return counts
    }),
})

/** Where people are named. What agents wrote as memories is theirs, and is forgotten with its namespace. */
const textColumns = {
  knowledge_documents: "concat_ws(' ', title, url, metadata::text, labels::text)",
  document_parts: "state::text",
  knowledge_chunks: "concat_ws(' ', section, text)",
  memory_observations: "concat_ws(' ', title, summary, text, url)",
  memory_summaries: "concat_ws(' ', title, text)",
  memory_profiles: "descriptors::text",
  eval_queries: "query",
  entities: "state::text",
  entity_aliases: "value",
  scopes: "name",
  ingest_deliveries: "concat_ws(' ', headers::text, reason)",
} as const

/** Those of them that say which part of a document they are of. */
const partTables: ReadonlySet<string> = new Set(["document_parts", "knowledge_chunks", "memory_observations"])

/** The same words as `scrubText` finds: whole, and not the beginning of a path. */
const wholeWords = (words: readonly string[]): string[] =>
  words.map((word) => `(^|[^[:alnum:]])${word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}($|[^[:alnum:]/])`)

/** These accounts, and those that are one person with them. */
async function accountsOf(
  tx: Transaction,
  workspaceId: string,
  entityIds: readonly EntityId[],
): Promise<readonly EntityId[]> {
  const rows = await tx.query<{ id: EntityId }>(
    `select id from accounts where workspace_id = $1
       and person_id in (select person_id from accounts where workspace_id = $1 and id = any($2))`,
    [workspaceId, entityIds],
  )
  return [...new Set([...entityIds, ...rows.map(({ id }) => id)])].sort()
}

async function personOf(tx: Transaction, workspaceId: string, entityIds: readonly EntityId[]): Promise<NamedPerson> {
  const aliases = await tx.query<AliasRef & { id: AliasId }>(
    "select id, alias_type as type, value from entity_aliases where workspace_id = $1 and entity_id = any($2) order by id",
    [workspaceId, entityIds],
  )
  const names = await tx.query<{ name: string }>(
    `select distinct state #>> array['fields', f, 'value'] as name from entities, unnest($3::text[]) as f
     where workspace_id = $1 and id = any($2) and jsonb_typeof(state #> array['fields', f, 'value']) = 'string'`,
    [workspaceId, entityIds, nameFields],
  )
  return {
    entityIds,
    aliasIds: aliases.map(({ id }) => id),
    aliases: aliases.map(({ type, value }) => ({ type, value })),
    names: names.map(({ name }) => name).filter((name) => name.trim() !== ""),
  }
}

async function removePerson(
  tx: Transaction,
  place: { readonly workspaceId: string; readonly forgettingId: string; readonly replay: boolean },
  { entityIds, aliasIds, names }: NamedPerson,
): Promise<ForgetCounts> {
  const { workspaceId } = place
  const edges = await tx.query<{ id: string }>(
    "select id from relationships where workspace_id = $1 and (from_alias_id = any($2) or to_alias_id = any($2))",
    [workspaceId, aliasIds],
  )
  const edgeIds = edges.map(({ id }) => id)
  await tx.query("delete from relationship_evidence where workspace_id = $1 and relationship_id = any($2)", [
    workspaceId,
    edgeIds,
  ])
  await tx.query("delete from relationships where workspace_id = $1 and id = any($2)", [workspaceId, edgeIds])
  const entities = await removeEntities(
    tx,
    place,
    "select id from entities where workspace_id = $1 and id = any($2)",
    entityIds,
  )
  await removeEvidence(tx, workspaceId, entityIds)
  await removeSubject(tx, place, entityIds)
  await tx.query(
    `update scopes set name = regexp_replace(name, k.pattern, '\\1[forgotten]\\2', 'gi')
     from unnest($2::text[]) as k(pattern) where workspace_id = $1 and name ~* k.pattern`,
    [workspaceId, wholeWords(names.map((name) => name.toLowerCase()))],
  )
  const aliases = await tx.query("delete from entity_aliases where workspace_id = $1 and id = any($2) returning id", [
    workspaceId,
    aliasIds,
  ])
  return { edges: edgeIds.length, entities, aliases: aliases.length }
}

/** What consolidation said of these entities themselves. */
async function removeSubject(
  tx: Transaction,
  place: { readonly workspaceId: string; readonly forgettingId: string },
  entityIds: readonly string[],
): Promise<void> {
  await holdConsolidation(tx, place.workspaceId)
  for (const [table, family] of [
    ["memory_summaries", "summaries"],
    ["memory_profiles", "profiles"],
  ] as const) {
    const gone = await tx.query<{ id: string }>(
      `delete from ${table} where workspace_id = $1 and entity_id = any($2) returning id`,
      [place.workspaceId, entityIds],
    )
    await removeVectors(tx, place, [[family, gone.map(({ id }) => id)]])
  }
}
