import type { CalendarWindow } from "@engram/contracts/consolidation"
import type { ConsolidationLedger, Rests, StoredSummary } from "@engram/contracts/consolidation-ledger"
import type { SummaryId } from "@engram/contracts/ids"
import type { Database } from "../database.ts"
import { lockVersions, unwant, wantVectors } from "../knowledge/vectors.ts"
import type { Transaction } from "../transaction.ts"
import { joinConsolidation } from "./hold.ts"
import { holdRun } from "./runs.ts"

const windowColumn = `json_build_object('kind', window_kind, 'from', window_from::text, 'until', window_until::text) as window`

export const createSummaries = (
  database: Database,
): Pick<ConsolidationLedger, "summaries" | "summarized" | "saveSummaries"> => ({
  summaries: (workspaceId, { storeId, entityIds, windows }) =>
    database.inWorkspace(workspaceId, (tx) =>
      tx.query<StoredSummary>(
        `select m.id, ${windowColumn}, m.evidence_hash as "evidenceHash", m.writer
         from memory_summaries m, unnest($4::text[], $5::date[]) as w(kind, day)
         where m.workspace_id = $1 and m.store_id = $2 and m.window_kind = w.kind and m.window_from = w.day
           and case when $3::text[] is null then m.entity_id is null else m.entity_id = any($3) end`,
        [workspaceId, storeId, entityIds, windows.map(({ kind }) => kind), windows.map(({ from }) => from)],
      ),
    ),

  summarized: (workspaceId, entityIds) =>
    database.inWorkspace(workspaceId, (tx) =>
      tx.query<{ storeId: string; entityId: string; window: CalendarWindow }>(
        `select distinct on (store_id, entity_id, window_kind, window_from) store_id as "storeId", entity_id as "entityId", ${windowColumn}
         from memory_summaries where workspace_id = $1 and entity_id = any($2)`,
        [workspaceId, entityIds],
      ),
    ),

  saveSummaries: (workspaceId, runId, { storeId, written, withdrawn, vectorsOf }) =>
    database.inWorkspace(workspaceId, async (tx) => {
      await holdRun(tx, workspaceId, runId)
      const versions = await lockVersions(tx, storeId)
      await joinConsolidation(tx, workspaceId)
      const stands = await stillThere(tx, workspaceId, written)
      const rows = written.filter(({ id }) => stands.has(id)).sort((a, b) => (a.id < b.id ? -1 : 1))
      await tx.insert(
        "memory_summaries",
        rows.map(({ evidence: _, window, sentences, occurredAt, ...row }) => ({
          ...row,
          workspaceId,
          windowKind: window.kind,
          windowFrom: window.from,
          windowUntil: window.until,
          sentences,
          citedIds: [...new Set(sentences.flatMap(({ cites }) => cites))],
          occurredAt: new Date(occurredAt),
          writtenAt: new Date(),
        })),
        `on conflict (id) do update set title = excluded.title, text = excluded.text, sentences = excluded.sentences,
           cited_ids = excluded.cited_ids, coverage = excluded.coverage, evidence_ids = excluded.evidence_ids,
           scope_ids = excluded.scope_ids, evidence_hash = excluded.evidence_hash, writer = excluded.writer,
           occurred_at = excluded.occurred_at, importance = excluded.importance, written_at = excluded.written_at,
           window_until = excluded.window_until`,
      )
      await changeProfiles(tx, workspaceId, storeId, [...rows.map(({ id }) => id), ...withdrawn])
      await tx.query(
        `with gone as (delete from memory_summaries where workspace_id = $1 and id = any($2) returning store_id, id) ${unwant("summaries")}`,
        [workspaceId, withdrawn],
      )
      await wantVectors(
        tx,
        workspaceId,
        rows.flatMap((row) => [...vectorsOf(row, versions)]),
      )
      return rows.map(({ id }) => id as SummaryId)
    }),
})

/** Of what is to be written, that all of whose evidence is as it was read. */
export async function stillThere(
  tx: Transaction,
  workspaceId: string,
  rows: readonly (Rests & { readonly id: string })[],
): Promise<Set<string>> {
  const evidence = new Map(rows.flatMap((row) => row.evidence.map(({ id, contentHash }) => [id, contentHash] as const)))
  const changed = await tx.query<{ id: string }>(
    `select k.id from unnest($2::text[], $3::text[]) as k(id, hash)
     where not exists (select from memory_observations o where o.id = k.id and o.workspace_id = $1 and o.live and o.content_hash = k.hash)`,
    [workspaceId, [...evidence.keys()], [...evidence.values()]],
  )
  const gone = new Set(changed.map(({ id }) => id))
  return new Set(rows.filter((row) => !row.evidence.some(({ id }) => gone.has(id))).map(({ id }) => id))
}

/** What public summaries say of an entity is part of its profile: each new vector comes in the place of one before. */
async function changeProfiles(
  tx: Transaction,
  workspaceId: string,
  storeId: string,
  ids: readonly string[],
): Promise<void> {
  await tx.query(
    `update memory_profiles p set changed = p.changed + k.vectors
     from (select entity_id, 2 * count(*)::int as vectors from memory_summaries
           where workspace_id = $1 and id = any($3) and scope_id is null group by 1) k
     where p.workspace_id = $1 and p.store_id = $2 and p.entity_id = k.entity_id`,
    [workspaceId, storeId, ids],
  )
}
