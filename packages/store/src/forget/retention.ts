import { randomBytes } from "node:crypto"
import type { ForgetCounts } from "@engram/contracts/forget"
import type { RetentionDue, RetentionLedger, RetentionState } from "@engram/contracts/retention"
import { newAuditId, writeAudit } from "../audit-log.ts"
import type { Database } from "../database.ts"
import type { Transaction } from "../transaction.ts"
import {
  feedingSql,
  observedOfSql,
  releaseDeliveries,
  removeDocuments,
  removeEvidence,
  removeObservations,
  removeUnmentioned,
} from "./remove-documents.ts"
import { removeVectors } from "./remove-vectors.ts"

/** Documents in one transaction, as forgetting has it; moments and deliveries are single rows. */
const documentsMax = 50
const rowsMax = 500

const dayMs = 86_400_000
const reason = "Older than the workspace keeps things."

// $1 workspace, $2 the instant before which things go, $3 ids to choose from or null for all

/** What the source said last of any part of it, and of anything that happened to it. */
const documentsSql = `
  select d.id, d.alias_id from knowledge_documents d
  where d.workspace_id = $1 and ($3::text[] is null or d.id = any($3)) and coalesce(d.occurred_at, d.updated_at) < $2
    and not exists (select from document_parts p where p.document_id = d.id and greatest(
      (p.state ->> 'firstAt')::float8, (p.state ->> 'removedAt')::float8, (p.state #>> '{alive,clock,at}')::float8,
      (select max((f.value #>> '{clock,at}')::float8) from jsonb_each(p.state -> 'fields') f),
      (select max((l.value #>> '{clock,at}')::float8) from jsonb_each(p.state -> 'links') l)) >= extract(epoch from $2::timestamptz) * 1000)
    and not exists (select from memory_observations o where o.workspace_id = $1 and o.document_id = d.id and o.occurred_at >= $2)
    and not exists (select from memory_observations o where o.workspace_id = $1 and o.document_id is null
                    and o.thing_alias_id = d.alias_id and o.occurred_at >= $2)`

/** Also those whose document is not, or no longer, known. */
const momentsSql = `
  select o.id from memory_observations o
  where o.workspace_id = $1 and ($3::text[] is null or o.id = any($3)) and o.occurred_at < $2
    and not exists (select from knowledge_documents d where d.id = o.document_id)
    and not exists (select from knowledge_documents d where o.document_id is null and d.workspace_id = $1 and d.alias_id = o.thing_alias_id)`

const deliveriesSql = `
  select i.id from ingest_deliveries i
  where i.workspace_id = $1 and ($3::text[] is null or i.id = any($3)) and i.received_at < $2 and i.state <> 'received'
    and not i.forget_raw and (i.body is not null or i.artifact_key is not null)
    and not exists (select from document_deliveries d where d.workspace_id = $1 and d.delivery_id = i.id)`

/** What the steps below come to in the end, since none of them finds what another does. */
const dueSql = `
  with old as materialized (${documentsSql})
  select (select count(*)::int from old) as documents,
    (select count(*)::int from (${observedOfSql("array(select id from old)", "array(select alias_id from old)")}) o)
      + (select count(*)::int from (${momentsSql}) m) as observations,
    (select count(*)::int from ingest_deliveries
      where workspace_id = $1 and not forget_raw and id in (${feedingSql("array(select id from old)")}))
      + (select count(*)::int from (${deliveriesSql}) i) as deliveries`

const nothingDue = { documents: 0, observations: 0, deliveries: 0 }

type Place = Parameters<typeof removeDocuments>[1]

const steps: readonly {
  readonly which: string
  readonly max: number
  readonly remove: (tx: Transaction, place: Place, ids: readonly string[]) => Promise<ForgetCounts>
}[] = [
  { which: documentsSql, max: documentsMax, remove: removeDocuments },
  { which: momentsSql, max: rowsMax, remove: removeMoments },
  { which: deliveriesSql, max: rowsMax, remove: removeBytes },
]

/** Runs as `engram_app` in the one workspace. */
export const createRetentionLedger = (database: Database): RetentionLedger => ({
  due: (workspaceId, now) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const { state, before } = await chosen(tx, workspaceId, now, "")
      if (before === undefined) return { state, due: nothingDue }
      const [due] = await tx.query<RetentionDue["due"]>(dueSql, [workspaceId, before, null])
      return { state, due: due! }
    }),

  removeSome: async (workspaceId, now) => {
    const found = await database.inWorkspace(workspaceId, async (tx) => {
      const { state, before } = await chosen(tx, workspaceId, now, "")
      return {
        state,
        due: before && (await firstDue(tx, workspaceId, before)),
        retentionId: await underWay(tx, workspaceId),
      }
    })
    const { due, state } = found
    if (due === undefined) return { state, retentionId: found.retentionId, counts: {} }
    // Found without a lock, so that who writes does not wait for the looking; what was said of it since keeps it.
    return database.inWorkspace(workspaceId, async (tx) => {
      const { state, before } = await chosen(tx, workspaceId, now, "for share")
      if (before === undefined) return { state, retentionId: found.retentionId, counts: {} }
      // As forgetting begins: whoever writes knowledge holds these shared, and is waited for.
      await tx.query("select from embedding_versions where workspace_id = $1 order by id for update", [workspaceId])
      const { which, max, remove } = steps[due.step]!
      const still = await someOf(tx, which, [workspaceId, before, due.ids, max])
      const retentionId = (await underWay(tx, workspaceId)) ?? (await begin(tx, workspaceId))
      const counts = await remove(tx, { workspaceId, forgettingId: retentionId, replay: false, reason }, still)
      await add(tx, workspaceId, retentionId, counts)
      return { state, retentionId, counts: { ...counts, looked: due.ids.length } }
    })
  },

  finish: (workspaceId, retentionId, more) =>
    database.inWorkspace(workspaceId, async (tx) => {
      await add(tx, workspaceId, retentionId, more)
      const [row] = await tx.query<{ counts: ForgetCounts }>(
        "update forgettings set done_at = now() where workspace_id = $1 and id = $2 and done_at is null returning counts",
        [workspaceId, retentionId],
      )
      await tx.query("delete from forgotten_refs where workspace_id = $1 and forgetting_id = $2", [
        workspaceId,
        retentionId,
      ])
      if (row === undefined) return {}
      const entry = { actor: "retention", action: "retention.done", subjects: [retentionId], detail: row.counts }
      await writeAudit(tx, workspaceId, { id: newAuditId(), ...entry, undoes: null })
      return row.counts
    }),
})

/** `before` only where something may go. */
async function chosen(
  tx: Transaction,
  workspaceId: string,
  now: number,
  lock: "" | "for share",
): Promise<{ readonly state: RetentionState; readonly before?: Date }> {
  const [row] = await tx.query<{ days: number | null; held: boolean }>(
    `select retention_days as days, legal_hold as held from workspaces where id = $1 ${lock}`,
    [workspaceId],
  )
  if (!row || row.days === null) return { state: "off" }
  return row.held ? { state: "held" } : { state: "on", before: new Date(now - row.days * dayMs) }
}

async function firstDue(
  tx: Transaction,
  workspaceId: string,
  before: Date,
): Promise<{ readonly step: number; readonly ids: string[] } | undefined> {
  for (const [step, { which, max }] of steps.entries()) {
    const ids = await someOf(tx, which, [workspaceId, before, null, max])
    if (ids.length > 0) return { step, ids }
  }
  return undefined
}

const someOf = (tx: Transaction, which: string, values: readonly unknown[]): Promise<string[]> =>
  idsOf(tx, `${which} order by id limit $4`, values)

async function idsOf(tx: Transaction, which: string, values: readonly unknown[]): Promise<string[]> {
  return (await tx.query<{ id: string }>(which, values)).map(({ id }) => id)
}

/** One that was killed goes on under its id. */
async function underWay(tx: Transaction, workspaceId: string): Promise<string | null> {
  const [row] = await tx.query<{ id: string }>(
    "select id from forgettings where workspace_id = $1 and kind = 'retention' and done_at is null order by started_at limit 1",
    [workspaceId],
  )
  return row?.id ?? null
}

async function begin(tx: Transaction, workspaceId: string): Promise<string> {
  const id = `fgt_${randomBytes(16).toString("hex")}`
  await tx.query("insert into forgettings (id, workspace_id, kind) values ($1, $2, 'retention')", [id, workspaceId])
  return id
}

async function add(tx: Transaction, workspaceId: string, id: string, counts: ForgetCounts): Promise<void> {
  await tx.query(
    `update forgettings f set counts = f.counts || (
       select coalesce(jsonb_object_agg(k.key, coalesce((f.counts ->> k.key)::int, 0) + k.value::int), '{}')
       from jsonb_each_text($3::jsonb) k where k.value::int > 0)
     where f.workspace_id = $1 and f.id = $2 and f.done_at is null`,
    [workspaceId, id, JSON.stringify(counts)],
  )
}

async function removeMoments(tx: Transaction, place: Place, ids: readonly string[]): Promise<ForgetCounts> {
  const { workspaceId } = place
  const things = await idsOf(
    tx,
    "select distinct thing_alias_id as id from memory_observations where workspace_id = $1 and id = any($2)",
    [workspaceId, ids],
  )
  const vectors = await removeVectors(tx, place, [["observations", ids]])
  await removeObservations(tx, place, ids)
  const edges = await removeEvidence(tx, workspaceId, ids)
  // What they happened to, where nothing else is known of it.
  const unseen = await idsOf(
    tx,
    `select k.id from unnest($2::text[]) as k(id) where not exists (
       select from memory_observations o where o.workspace_id = $1 and (o.thing_alias_id = k.id or o.subject_alias_ids && array[k.id]))`,
    [workspaceId, things],
  )
  await removeUnmentioned(tx, workspaceId, unseen)
  return { observations: ids.length, vectors, edges }
}

async function removeBytes(tx: Transaction, place: Place, ids: readonly string[]): Promise<ForgetCounts> {
  const deliveries = await releaseDeliveries(tx, place, "select unnest($2::text[])", ids)
  return { deliveries }
}
