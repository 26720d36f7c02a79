import type { ForgetCounts } from "@engram/contracts/forget"
import { holdConsolidation } from "../consolidation/hold.ts"
import { sumEvidence } from "../knowledge/evidence-sums.ts"
import { removeAccounts } from "../people/remove-accounts.ts"
import type { Transaction } from "../transaction.ts"
import { removeDerived } from "./remove-derived.ts"
import { removeVectors } from "./remove-vectors.ts"

/** Deliveries that fed documents, and what was observed of them. $1 is the workspace; ids are a parameter's name, or SQL of an array. */
export const feedingSql = (documentIds: string): string =>
  `select delivery_id from document_deliveries where workspace_id = $1 and document_id = any(${documentIds})`
export const observedOfSql = (documentIds: string, aliasIds: string): string =>
  `select id from memory_observations where workspace_id = $1
     and (document_id = any(${documentIds}) or thing_alias_id = any(${aliasIds}) and document_id is null)`

/**
 * Documents with all that rests on them. In this order, since each step finds its rows by what a later one removes: deliveries by
 * their links, vectors by chunks and observations, values by vectors, edges by evidence.
 */
export async function removeDocuments(
  tx: Transaction,
  place: {
    readonly workspaceId: string
    readonly forgettingId: string
    readonly replay: boolean
    /** What its deliveries say of where their bytes went; "Forgotten." by default. */
    readonly reason?: string
  },
  ids: readonly string[],
): Promise<ForgetCounts> {
  const { workspaceId, forgettingId, replay } = place
  const rows = await tx.query<{ id: string; version: number; aliasId: string }>(
    `select id, version, alias_id as "aliasId" from knowledge_documents where workspace_id = $1 and id = any($2) order by id for update`,
    [workspaceId, ids],
  )
  if (rows.length === 0) return {}
  const documentIds = rows.map(({ id }) => id)
  const aliasIds = rows.map(({ aliasId }) => aliasId)
  await tx.query(
    `insert into forgotten_refs (forgetting_id, workspace_id, kind, ref, version)
     select $1, $2, 'document', k.id, k.version from unnest($3::text[], $4::int[]) as k(id, version)
     on conflict (forgetting_id, kind, ref) do update set version = greatest(forgotten_refs.version, excluded.version)`,
    [forgettingId, workspaceId, documentIds, rows.map(({ version }) => version)],
  )
  // To be read again they are released at the end, all at once: else a worker would bring documents back to be removed again.
  const deliveries = replay ? 0 : await releaseDeliveries(tx, place, feedingSql("$2"), documentIds)
  const observations = await tx.query<{ id: string }>(observedOfSql("$2", "$3"), [workspaceId, documentIds, aliasIds])
  const observationIds = observations.map(({ id }) => id)
  const chunks = await tx.query<{ id: string }>(
    "select id from knowledge_chunks where workspace_id = $1 and document_id = any($2)",
    [workspaceId, documentIds],
  )
  const vectors = await removeVectors(tx, place, [
    ["chunks", chunks.map(({ id }) => id)],
    ["observations", observationIds],
  ])
  await removeObservations(tx, place, observationIds)
  const edges = await removeEvidence(tx, workspaceId, [...documentIds, ...observationIds])
  // Asked in the words of what is forgotten. A document that is read again comes back, and is still to be found.
  if (!replay) {
    await tx.query("delete from eval_queries where workspace_id = $1 and document_id = any($2)", [
      workspaceId,
      documentIds,
    ])
  }
  await tx.query("delete from knowledge_documents where workspace_id = $1 and id = any($2)", [workspaceId, documentIds])
  const entities = await removeEntities(
    tx,
    place,
    "select entity_id from entity_aliases where workspace_id = $1 and id = any($2) and entity_id is not null",
    aliasIds,
  )
  await removeUnmentioned(tx, workspaceId, aliasIds)
  if (replay) await tx.query("delete from forgotten_refs where forgetting_id = $1", [forgettingId])
  return {
    documents: documentIds.length,
    deliveries,
    chunks: chunks.length,
    observations: observationIds.length,
    vectors,
    edges,
    entities,
  }
}

type Place = Parameters<typeof removeDocuments>[1]

/** `which` is a query of delivery ids over ($1 workspace, $2 values). Their bytes go or, with `replay`, they are read again. */
export async function releaseDeliveries(
  tx: Transaction,
  { workspaceId, forgettingId, replay, reason = "Forgotten." }: Place,
  which: string,
  values: readonly string[],
): Promise<number> {
  if (replay) {
    const again = await tx.query(
      `update ingest_deliveries set state = 'received', attempts = 0, due_at = now(), reason = null, claimed_until = null, finished_at = null
       where workspace_id = $1 and not forget_raw and id in (${which}) and state <> 'received' returning id`,
      [workspaceId, values],
    )
    return again.length
  }
  await tx.query(
    `insert into forgotten_refs (forgetting_id, workspace_id, kind, ref)
     select distinct $3, $1, 'artifact', artifact_key from ingest_deliveries
     where workspace_id = $1 and artifact_key is not null and id in (${which}) on conflict do nothing`,
    [workspaceId, values, forgettingId],
  )
  // One that waits to be read again has nothing left to say; a worker that holds it writes nothing of it.
  const gone = await tx.query(
    `update ingest_deliveries set forget_raw = true, body = null, headers = '{}', claimed_until = null,
            state = case when state = 'processed' then state else 'skipped' end, reason = $3,
            finished_at = coalesce(finished_at, now())
     where workspace_id = $1 and id in (${which}) and not forget_raw returning id`,
    [workspaceId, values, reason],
  )
  return gone.length
}

/**
 * Hashes (core's `textHash`) of what live observations say whose vectors aging took out of the index: they are still said, and
 * the night that puts them back finds their values by these.
 */
export const prunedTexts = `
  select encode(sha256(convert_to(said.text, 'UTF8')), 'hex') from memory_observations o
  cross join lateral (values (o.text), (o.title), (o.summary)) as said(text)
  where o.workspace_id = $1 and o.live and said.text <> '' and not exists (
    select from vector_entries v where v.store_id = o.store_id and v.family = 'observations' and v.ref_id = o.id and v.wanted_hash is not null)`

/**
 * Values that no wanted vector of the workspace is of, and no observation that is only out of the index for its age. Also those of texts that an edit had replaced before: nothing says any
 * more whose they were. A text that comes back to another document is embedded again.
 */
export async function dropOrphanValues(tx: Transaction, workspaceId: string): Promise<number> {
  const dropped = await tx.query(
    `delete from embedding_values e
     where e.workspace_id = $1 and not exists (
       select from vector_entries v where v.workspace_id = $1 and v.text_hash = e.text_hash and v.wanted_hash is not null)
       and e.text_hash not in (${prunedTexts})
     returning e.text_hash`,
    [workspaceId],
  )
  return dropped.length
}

/** With the summaries and profiles that rest on them. */
export async function removeObservations(tx: Transaction, place: Place, ids: readonly string[]): Promise<void> {
  await holdConsolidation(tx, place.workspaceId)
  const gone = await tx.query<{ id: string; subjectAliasIds: string[] }>(
    `delete from memory_observations where workspace_id = $1 and id = any($2)
     returning id, subject_alias_ids as "subjectAliasIds"`,
    [place.workspaceId, ids],
  )
  await tx.query(
    `insert into forgotten_refs (forgetting_id, workspace_id, kind, ref)
     select $3, $1, 'observation', k.id from unnest($2::text[]) as k(id) on conflict do nothing`,
    [place.workspaceId, gone.map(({ id }) => id), place.forgettingId],
  )
  await removeDerived(tx, place, gone)
}

/** Relationships are the sum of what evidence is left; one without any goes, unless a person made it. */
export async function removeEvidence(
  tx: Transaction,
  workspaceId: string,
  evidenceIds: readonly string[],
): Promise<number> {
  const touched = await tx.query<{ id: string }>(
    "delete from relationship_evidence where workspace_id = $1 and evidence_id = any($2) returning relationship_id as id",
    [workspaceId, evidenceIds],
  )
  const ids = [...new Set(touched.map(({ id }) => id))].sort()
  await sumEvidence(tx, ids)
  const gone = await tx.query(
    `delete from relationships r where workspace_id = $1 and id = any($2) and detected_by <> 'manual'
     and not exists (select from relationship_evidence e where e.relationship_id = r.id) returning id`,
    [workspaceId, ids],
  )
  return gone.length
}

/** `which` is a query of entity ids over ($1 workspace, $2 values). Their names become stubs. */
export async function removeEntities(
  tx: Transaction,
  { workspaceId, forgettingId }: Place,
  which: string,
  values: readonly string[],
): Promise<number> {
  const entities = await tx.query<{ id: string }>(
    `delete from entities where workspace_id = $1 and id in (${which}) returning id`,
    [workspaceId, values],
  )
  const ids = entities.map(({ id }) => id)
  if (ids.length === 0) return 0
  await tx.query(
    `insert into forgotten_refs (forgetting_id, workspace_id, kind, ref)
     select $1, $2, 'entity', id from unnest($3::text[]) as t(id) on conflict do nothing`,
    [forgettingId, workspaceId, ids],
  )
  const stubs = await tx.query<{ id: string }>(
    "update entity_aliases set entity_id = null, at = 0 where workspace_id = $1 and entity_id = any($2) returning id",
    [workspaceId, ids],
  )
  await removeUnmentioned(
    tx,
    workspaceId,
    stubs.map(({ id }) => id),
  )
  await removeAccounts(tx, workspaceId, ids as `ent_${string}`[])
  return ids.length
}

/** Names that nobody claims and nothing mentions any more. */
export async function removeUnmentioned(
  tx: Transaction,
  workspaceId: string,
  aliasIds: readonly string[],
): Promise<void> {
  await tx.query(
    `delete from entity_aliases a where a.workspace_id = $1 and a.id = any($2) and a.entity_id is null
       and not exists (select from relationships r where r.workspace_id = $1 and r.from_alias_id = a.id)
       and not exists (select from relationships r where r.workspace_id = $1 and r.to_alias_id = a.id)
       and not exists (select from knowledge_documents d where d.workspace_id = $1 and d.alias_id = a.id)`,
    [workspaceId, aliasIds],
  )
}
