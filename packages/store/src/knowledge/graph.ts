import type { EvidenceRow, KnowledgeWrite } from "@engram/contracts/knowledge"
import type { Transaction } from "../database.ts"
import { saveAccounts } from "../people/save-accounts.ts"

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

// core/state's rule for which of two claims stands. Byte order, as JavaScript compares: not the database's language.
const newer = {
  name: `(excluded.name_at, excluded.name collate "C") > (scopes.name_at, scopes.name collate "C")`,
  privacy: `(excluded.at, excluded.privacy collate "C") > (scopes.at, scopes.privacy collate "C")`,
  live: "(excluded.live_at, not excluded.live) > (scopes.live_at, not scopes.live)",
}

export const writeGraph = (tx: Transaction, workspaceId: string): Graph => {
  /** Relationships that were given evidence under a condition: summed when this transaction holds the condition's alias. */
  const waiting = new Set<string>()
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

    documentsIn: (storeId, scopeIds, max) =>
      tx.query(
        `select d.source, d.source_id as "sourceId", d.scope_id as "scopeId",
                json_build_object('type', a.alias_type, 'value', a.value) as alias,
                (select coalesce(json_agg(json_build_object('partId', p.part_id, 'kind', p.state->'kind',
                                   'at', coalesce((p.state #>> '{alive,clock,at}')::float8, 0)) order by p.part_id), '[]')
                 from document_parts p where p.document_id = d.id) as parts
         from knowledge_documents d join entity_aliases a on a.id = d.alias_id
         where d.workspace_id = $1 and d.store_id = $2 and d.scope_id = any($3) and d.live order by d.id limit $4`,
        [workspaceId, storeId, scopeIds, max],
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
      for (const id of await relationshipsUnder(tx, workspaceId, [...claimed, ...doubted])) waiting.add(id)
      await sumEvidence(tx, [...waiting].sort())
      waiting.clear()
      perhapsDeleted.clear()
    },

    saveAccounts: (rows) => saveAccounts(tx, workspaceId, rows),

    saveEvidence: async ({ documentIds, rows, moments }) => {
      const removed = await removeEvidence(tx, workspaceId, documentIds, rows)
      const written = [
        ...(await writeEvidence(tx, workspaceId, rows, differs)),
        ...(await writeEvidence(tx, workspaceId, moments, isSurer)),
      ]
      const all = [...rows, ...moments]
      const made = await addRelationships(tx, workspaceId, all)
      for (const row of all) if (row.requiresAliasId !== null) waiting.add(row.relationshipId)
      const changed = written.flatMap((row) => (row.added ? [] : [row.relationshipId]))
      const open = (id: string) => !made.has(id) && !waiting.has(id)
      const again = new Set([...removed, ...changed].filter(open))
      await sumEvidence(tx, [...again].sort())
      const added = new Set(written.flatMap((row) => (row.added ? [`${row.relationshipId} ${row.evidenceId}`] : [])))
      await addToSums(
        tx,
        all.filter(
          (row) =>
            open(row.relationshipId) &&
            !again.has(row.relationshipId) &&
            added.has(`${row.relationshipId} ${row.evidenceId}`),
        ),
      )
    },
  }
}

const isSurer =
  "(excluded.requires_alias_id is null, excluded.confidence) > (relationship_evidence.requires_alias_id is null, relationship_evidence.confidence)"
const differs = `(relationship_evidence.confidence, relationship_evidence.since, relationship_evidence.until, relationship_evidence.live, relationship_evidence.requires_alias_id)
  is distinct from (excluded.confidence, excluded.since, excluded.until, excluded.live, excluded.requires_alias_id)`

interface WrittenEvidence {
  readonly relationshipId: string
  readonly evidenceId: string
  /** It was not there. */
  readonly added: boolean
}

/** Writes rows that are new or for which `stands` holds, and returns them. */
async function writeEvidence(
  tx: Transaction,
  workspaceId: string,
  rows: readonly EvidenceRow[],
  stands: string,
): Promise<WrittenEvidence[]> {
  const records = rows
    .map(({ type: _, fromAliasId: __, toAliasId: ___, ...row }) => ({ ...row, workspaceId }))
    .sort((a, b) => (`${a.relationshipId} ${a.evidenceId}` < `${b.relationshipId} ${b.evidenceId}` ? -1 : 1))
  // An inserted row has no xmax, an updated one was locked.
  return tx.insert<WrittenEvidence>(
    "relationship_evidence",
    records,
    `on conflict (relationship_id, evidence_id) do update
       set confidence = excluded.confidence, since = excluded.since, until = excluded.until, live = excluded.live,
           requires_alias_id = excluded.requires_alias_id
     where ${stands}
     returning relationship_id as "relationshipId", evidence_id as "evidenceId", xmax = 0 as added`,
  )
}

/** What the documents no longer say. Returns the relationships whose sum may have changed. */
async function removeEvidence(
  tx: Transaction,
  workspaceId: string,
  documentIds: readonly string[],
  rows: readonly EvidenceRow[],
): Promise<string[]> {
  if (documentIds.length === 0) return []
  const removed = await tx.query<{ id: string }>(
    `delete from relationship_evidence e where workspace_id = $1 and evidence_id = any($2)
     and not exists (select from unnest($3::text[], $4::text[]) as k(relationship_id, evidence_id)
                     where (k.relationship_id, k.evidence_id) = (e.relationship_id, e.evidence_id))
     returning relationship_id as id`,
    [workspaceId, documentIds, rows.map((row) => row.relationshipId), rows.map((row) => row.evidenceId)],
  )
  return removed.map((row) => row.id)
}

/** Adds those that are not there, each with the sum of these rows, which is all the evidence it has. Returns the added. */
async function addRelationships(
  tx: Transaction,
  workspaceId: string,
  rows: readonly EvidenceRow[],
): Promise<ReadonlySet<string>> {
  const relationships = [...Map.groupBy(rows, (row) => row.relationshipId)].map(([id, evidence]) => {
    const { type, fromAliasId, toAliasId } = evidence[0]!
    return { id, workspaceId, type, fromAliasId, toAliasId, detectedBy: "rule", ...sumOf(evidence) }
  })
  const made = await tx.insert<{ id: string }>(
    "relationships",
    relationships.sort(byId),
    "on conflict do nothing returning id",
  )
  return new Set(made.map((row) => row.id))
}

/** As `sumEvidence` has it, before anybody is known to meet a condition. */
function sumOf(evidence: readonly EvidenceRow[]): Pick<EvidenceRow, "confidence" | "since" | "until" | "live"> {
  const live = evidence.filter((row) => row.live && row.requiresAliasId === null)
  const ends = live.flatMap((row) => row.until ?? [])
  const said = live.length > 0 ? live : evidence
  return {
    confidence: Math.max(...said.map((row) => row.confidence)),
    since: new Date(Math.min(...said.map((row) => row.since.getTime()))),
    until: ends.length < live.length || ends.length === 0 ? null : new Date(Math.max(...ends.map(Number))),
    live: live.length > 0,
  }
}

/**
 * Adds evidence that was not there to the sums of relationships that were, without reading what they rest on: an edge to a
 * repository rests on every thing in it. The same as `sumEvidence`. Locked before it is looked at, as there.
 */
async function addToSums(tx: Transaction, rows: readonly EvidenceRow[]): Promise<void> {
  const counted = rows.filter((row) => row.live && row.requiresAliasId === null)
  if (counted.length === 0) return
  const sums = [...Map.groupBy(counted, (row) => row.relationshipId)].map(([id, evidence]) => ({
    id,
    ...sumOf(evidence),
  }))
  const values = [JSON.stringify(sums)]
  tx.send(
    "select from relationships where id in (select id from json_to_recordset($1) as s(id text)) order by id for update",
    values,
  )
  tx.send(
    `update relationships r set live = true, since = n.since, until = n.until, confidence = n.confidence
     from (select o.id,
                  least(case when o.live then o.since end, s.since) as since,
                  case when o.live and o.until is null or s.until is null then null
                       else greatest(case when o.live then o.until end, s.until) end as until,
                  greatest(case when o.live then o.confidence end, s.confidence) as confidence
           from json_to_recordset($1) as s(id text, since timestamptz, until timestamptz, confidence real)
           join relationships o on o.id = s.id) n
     where r.id = n.id and r.detected_by <> 'manual'
       and (r.live, r.since, r.until, r.confidence) is distinct from (true, n.since, n.until, n.confidence)`,
    values,
  )
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

/** The relationships with evidence that counts, or does not, by who goes by one of these aliases. */
async function relationshipsUnder(
  tx: Transaction,
  workspaceId: string,
  aliasIds: readonly string[],
): Promise<string[]> {
  if (aliasIds.length === 0) return []
  const rows = await tx.query<{ id: string }>(
    `select distinct relationship_id as id from relationship_evidence
     where workspace_id = $1 and requires_alias_id = any($2) and requires_alias_id is not null`,
    [workspaceId, aliasIds],
  )
  return rows.map((row) => row.id)
}

/** Whether somebody said that it was deleted, or that it is not. */
const speaksOfDeletion = (state: object): boolean =>
  (state as { readonly fields?: { readonly deleted?: unknown } }).fields?.deleted !== undefined

/**
 * A relationship is the sum of its evidence: the same whatever order that came in. Evidence under a condition counts while its
 * alias is that of an entity that is not deleted. Manual edges are left alone.
 */
export async function sumEvidence(tx: Transaction, relationshipIds: readonly string[]): Promise<void> {
  if (relationshipIds.length === 0) return
  tx.send("select from relationships where id = any($1) order by id for update", [relationshipIds])
  tx.send(
    `update relationships r set live = s.live, since = coalesce(s.since, r.since), until = s.until,
            confidence = coalesce(s.confidence, r.confidence)
     from (select t.id, count(e.since) > 0 as live, min(e.since) as since, max(e.confidence) as confidence,
                  case when bool_or(e.until is null) then null else max(e.until) end as until
           from unnest($1::text[]) as t(id)
           left join relationship_evidence e on e.relationship_id = t.id and e.live and (e.requires_alias_id is null or exists (
             select from entity_aliases a join entities n on n.id = a.entity_id
             where a.id = e.requires_alias_id and n.state #> '{fields,deleted,value}' is distinct from 'true'::jsonb))
           group by t.id) s
     where r.id = s.id and r.detected_by <> 'manual'`,
    [relationshipIds],
  )
}

/** Evidence follows the observation that gives it: hidden with it, shown again with it. */
export async function setEvidenceLive(
  tx: Transaction,
  workspaceId: string,
  evidenceIds: readonly string[],
  live: boolean,
): Promise<void> {
  if (evidenceIds.length === 0) return
  const changed = await tx.query<{ id: string }>(
    `update relationship_evidence set live = $3 where workspace_id = $1 and evidence_id = any($2) and live <> $3
     returning relationship_id as id`,
    [workspaceId, evidenceIds, live],
  )
  await sumEvidence(tx, [...new Set(changed.map((row) => row.id))].sort())
}
