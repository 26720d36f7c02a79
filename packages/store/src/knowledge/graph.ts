import type { EvidenceRow, KnowledgeWrite } from "@engram/contracts/knowledge"
import type { Transaction } from "../database.ts"

type Graph = Pick<
  KnowledgeWrite,
  "saveScopes" | "lockEntities" | "saveEntities" | "saveAliases" | "replaceEvidence" | "addEvidence"
>

const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : 1)

export const writeGraph = (tx: Transaction, workspaceId: string): Graph => ({
  saveScopes: async (rows) => {
    await tx.insert(
      "scopes",
      rows.map((row) => ({ ...row, workspaceId })).sort(byId),
      // Equal times are decided, not tossed: private wins, then the greater name.
      `on conflict (id) do update set name = excluded.name, privacy = excluded.privacy, kind = excluded.kind, at = excluded.at
       where (excluded.at, excluded.privacy, excluded.name) > (scopes.at, scopes.privacy, scopes.name)`,
    )
  },

  // The lock is taken also for entities that do not exist yet, so that two transactions cannot both create one and lose a claim.
  lockEntities: async (ids) => {
    if (ids.length === 0) return []
    await tx.query(
      "select pg_advisory_xact_lock(hashtextextended(id, 0)) from unnest($1::text[]) as t(id) order by id",
      [ids],
    )
    return tx.query(`select id, state from entities where id = any($1)`, [ids])
  },

  saveEntities: async (rows) => {
    await tx.insert(
      "entities",
      rows.map((row) => ({ ...row, workspaceId })).sort(byId),
      "on conflict (id) do update set kind = excluded.kind, state = excluded.state",
    )
  },

  saveAliases: async (rows) => {
    const records = rows.map(({ type, ...row }) => ({ ...row, aliasType: type, workspaceId })).sort(byId)
    await tx.insert(
      "entity_aliases",
      records,
      `on conflict (id) do update set entity_id = excluded.entity_id, at = excluded.at
       where excluded.entity_id is not null
         and (entity_aliases.entity_id is null or (excluded.at, excluded.entity_id) > (entity_aliases.at, entity_aliases.entity_id))`,
    )
  },

  replaceEvidence: async (evidenceIds, rows) => {
    if (evidenceIds.length === 0) return
    const touched = await replaceRows(tx, workspaceId, evidenceIds, rows)
    await saveRelationships(tx, workspaceId, rows)
    await sumEvidence(tx, touched)
  },

  addEvidence: async (rows) => {
    if (rows.length === 0) return
    const touched = await saveEvidence(
      tx,
      workspaceId,
      rows,
      "(relationship_evidence.confidence) < (excluded.confidence)",
    )
    await saveRelationships(tx, workspaceId, rows)
    await sumEvidence(tx, touched)
  },
})

const differs = `(relationship_evidence.confidence, relationship_evidence.since, relationship_evidence.until, relationship_evidence.live)
  is distinct from (excluded.confidence, excluded.since, excluded.until, excluded.live)`

/** Writes rows that are new or for which `stands` holds, and returns their relationships. */
async function saveEvidence(
  tx: Transaction,
  workspaceId: string,
  rows: readonly EvidenceRow[],
  stands: string,
): Promise<string[]> {
  const records = rows
    .map(({ type: _, fromAliasId: __, toAliasId: ___, ...row }) => ({ ...row, workspaceId }))
    .sort((a, b) => (`${a.relationshipId} ${a.evidenceId}` < `${b.relationshipId} ${b.evidenceId}` ? -1 : 1))
  const written = await tx.insert<{ id: string }>(
    "relationship_evidence",
    records,
    `on conflict (relationship_id, evidence_id) do update
       set confidence = excluded.confidence, since = excluded.since, until = excluded.until, live = excluded.live
     where ${stands} returning relationship_id as id`,
  )
  return written.map((row) => row.id).sort()
}

/** Writes only what differs, and returns the relationships whose sum may have changed. */
async function replaceRows(
  tx: Transaction,
  workspaceId: string,
  evidenceIds: readonly string[],
  rows: readonly EvidenceRow[],
): Promise<string[]> {
  const removed = await tx.query<{ id: string }>(
    `delete from relationship_evidence e where workspace_id = $1 and evidence_id = any($2)
     and not exists (select from unnest($3::text[], $4::text[]) as k(relationship_id, evidence_id)
                     where (k.relationship_id, k.evidence_id) = (e.relationship_id, e.evidence_id))
     returning relationship_id as id`,
    [workspaceId, evidenceIds, rows.map((row) => row.relationshipId), rows.map((row) => row.evidenceId)],
  )
  const written = await saveEvidence(tx, workspaceId, rows, differs)
  return [...new Set([...removed.map((row) => row.id), ...written])].sort()
}

async function saveRelationships(tx: Transaction, workspaceId: string, rows: readonly EvidenceRow[]): Promise<void> {
  const relationships = new Map(
    rows.map((row) => [
      row.relationshipId,
      {
        id: row.relationshipId,
        workspaceId,
        type: row.type,
        fromAliasId: row.fromAliasId,
        toAliasId: row.toAliasId,
        confidence: row.confidence,
        detectedBy: "rule",
        since: row.since,
        until: row.until,
        live: row.live,
      },
    ]),
  )
  await tx.insert("relationships", [...relationships.values()].sort(byId), "on conflict do nothing")
}

/** A relationship is the sum of its evidence: the same whatever order that came in. Manual edges are left alone. */
export async function sumEvidence(tx: Transaction, relationshipIds: readonly string[]): Promise<void> {
  if (relationshipIds.length === 0) return
  await tx.query("select from relationships where id = any($1) order by id for update", [relationshipIds])
  await tx.query(
    `update relationships r set live = s.live, since = coalesce(s.since, r.since), until = s.until,
            confidence = coalesce(s.confidence, r.confidence)
     from (select t.id, coalesce(bool_or(e.live), false) as live,
                  min(e.since) filter (where e.live) as since,
                  case when bool_or(e.live and e.until is null) then null else max(e.until) filter (where e.live) end as until,
                  max(e.confidence) filter (where e.live) as confidence
           from unnest($1::text[]) as t(id) left join relationship_evidence e on e.relationship_id = t.id group by t.id) s
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
