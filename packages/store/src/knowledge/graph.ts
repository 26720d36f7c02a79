import type { KnowledgeWrite } from "@engram/contracts/knowledge"
import { saveAccounts } from "../people/save-accounts.ts"
import type { Transaction } from "../transaction.ts"
import { createConditions } from "./conditions.ts"
import { saveEvidence } from "./evidence.ts"
import { sumEvidence } from "./evidence-sums.ts"

type Graph = Pick<
  KnowledgeWrite,
  | "saveScopes"
  | "goneScopes"
  | "documentsIn"
  | "lockEntities"
  | "saveEntities"
  | "saveAliases"
  | "saveAccounts"
  | "saveEvidence"
>

const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : 1)

// core/state's rule for which of two claims stands. By code point, as core's compareText compares: not by the database's language.
const newer = {
  name: `(excluded.name_at, excluded.name collate "C") > (scopes.name_at, scopes.name collate "C")`,
  privacy: `(excluded.at, excluded.privacy collate "C") > (scopes.at, scopes.privacy collate "C")`,
  live: "(excluded.live_at, not excluded.live) > (scopes.live_at, not scopes.live)",
}

export const writeGraph = (tx: Transaction, workspaceId: string): Graph => {
  const conditions = createConditions()
  const perhapsDeleted = new Set<string>()
  return {
    saveScopes: async (rows) => {
      tx.sendRows(
        "scopes",
        rows.map((row) => ({ ...row, workspaceId })).sort(byId),
        `on conflict (id) do update set
           name = case when ${newer.name} then excluded.name else scopes.name end,
           name_at = greatest(excluded.name_at, scopes.name_at),
           privacy = case when ${newer.privacy} then excluded.privacy else scopes.privacy end,
           at = greatest(excluded.at, scopes.at),
           live = case when ${newer.live} then excluded.live else scopes.live end,
           live_at = greatest(excluded.live_at, scopes.live_at)
         where ${newer.name} or ${newer.privacy} or ${newer.live}`,
      )
    },

    goneScopes: async (ids) => {
      if (ids.length === 0) return []
      return tx.query(`select id, live_at::float8 as at from scopes where id = any($1) and not live order by id`, [ids])
    },

    documentsIn: (scopeIds, max) =>
      tx.query(
        `select d.store_id as "storeId", d.source, d.source_id as "sourceId", d.scope_id as "scopeId",
                json_build_object('type', a.alias_type, 'value', a.value) as alias,
                (select coalesce(json_agg(json_build_object('partId', p.part_id, 'kind', p.state->'kind',
                                   'at', coalesce((p.state #>> '{alive,clock,at}')::float8, 0)) order by p.part_id), '[]')
                 from document_parts p where p.document_id = d.id) as parts
         from knowledge_documents d join entity_aliases a on a.id = d.alias_id
         where d.workspace_id = $1 and d.scope_id = any($2) and d.live order by d.store_id, d.id limit $3`,
        [workspaceId, scopeIds, max],
      ),

    // The lock is taken also for entities that do not exist yet, so that two transactions cannot both create one and lose a claim.
    lockEntities: async (ids) => {
      if (ids.length === 0) return []
      tx.send("select pg_advisory_xact_lock(hashtextextended(id, 0)) from unnest($1::text[]) as t(id) order by id", [
        ids,
      ])
      return tx.query(`select id, state from entities where id = any($1)`, [ids])
    },

    saveEntities: async (rows) => {
      for (const { id, state } of rows) if (speaksOfDeletion(state)) perhapsDeleted.add(id)
      tx.sendRows(
        "entities",
        rows.map((row) => ({ ...row, workspaceId })).sort(byId),
        "on conflict (id) do update set kind = excluded.kind, state = excluded.state",
      )
    },

    saveAliases: async (rows) => {
      const before = await claimants(tx, rows)
      const records = rows.map(({ type, ...row }) => ({ ...row, aliasType: type, workspaceId })).sort(byId)
      const written = await tx.insert<{ id: string; entity_id: string | null }>(
        "entity_aliases",
        records,
        `on conflict (id) do update set entity_id = excluded.entity_id, at = excluded.at
         where excluded.entity_id is not null
           and (entity_aliases.entity_id is null or (excluded.at, excluded.entity_id) > (entity_aliases.at, entity_aliases.entity_id))
         returning id, entity_id`,
      )
      // The insert locked every alias, also those it left as they were: whoever claims one and whoever waits for it take turns.
      const doubted = await aliasesOf(tx, workspaceId, [...perhapsDeleted])
      // A claim that only is newer changes nobody's mind: a team's letters are claimed with each of its issues.
      const claimed = written.flatMap(({ id, entity_id: now }) => (now === null || before.get(id) === now ? [] : [id]))
      await sumEvidence(tx, await conditions.decided(tx, workspaceId, [...claimed, ...doubted]))
      perhapsDeleted.clear()
    },

    saveAccounts: (rows) => saveAccounts(tx, workspaceId, rows),

    saveEvidence: (evidence) => saveEvidence(tx, workspaceId, evidence, conditions),
  }
}

/** Who goes by these aliases now, of those that are claimed here. Locked, so that it holds until the claims are written. */
async function claimants(
  tx: Transaction,
  rows: readonly { readonly id: string; readonly entityId: string | null }[],
): Promise<ReadonlyMap<string, string | null>> {
  const ids = rows.flatMap(({ id, entityId }) => (entityId === null ? [] : [id]))
  if (ids.length === 0) return new Map()
  const known = await tx.query<{ id: string; entityId: string | null }>(
    `select id, entity_id as "entityId" from entity_aliases where id = any($1) order by id for update`,
    [ids],
  )
  return new Map(known.map(({ id, entityId }) => [id, entityId]))
}

/** The entities' names, locked, so that whoever waits for one takes turns with its deletion too. */
async function aliasesOf(tx: Transaction, workspaceId: string, entityIds: readonly string[]): Promise<string[]> {
  if (entityIds.length === 0) return []
  const rows = await tx.query<{ id: string }>(
    "select id from entity_aliases where workspace_id = $1 and entity_id = any($2) order by id for update",
    [workspaceId, entityIds],
  )
  return rows.map((row) => row.id)
}

/** Whether somebody said that it was deleted, or that it is not. */
const speaksOfDeletion = (state: object): boolean =>
  (state as { readonly fields?: { readonly deleted?: unknown } }).fields?.deleted !== undefined
