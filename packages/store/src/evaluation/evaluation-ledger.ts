import type { EvaluationLedger, EvaluationRun, ExpectedDocument, ListedQuery } from "@engram/contracts/evaluation"
import type { EvalRunId } from "@engram/contracts/ids"
import type { Database } from "../database.ts"
import { coverage, summaries } from "./measure-summaries.ts"

/** Runs kept for a store: three months of one an hour. */
const runsKept = 2_000

const runColumns = `id, store_id as "storeId", started_by as "startedBy", started_at as "startedAt", ms, results, skipped, figures,
  coverage, sentences, drops`

const changedSql = `select exists (select from eval_queries where workspace_id = $1 and store_id = $2 and added_at > $3)
  or exists (select from memory_summaries where workspace_id = $1 and store_id = $2 and written_at > $3)
  or exists (select from consolidation_runs where workspace_id = $1 and finished_at > $3)
  or exists (select from knowledge_documents where workspace_id = $1 and store_id = $2 and updated_at > $3) as changed`

/** Canonical queries of a store, and what asking them came to. */
export const createEvaluationLedger = (database: Database): EvaluationLedger => ({
  documentsNamed: ({ workspaceId, storeId }, name) =>
    database.inWorkspace(workspaceId, (tx) =>
      tx.query<ExpectedDocument>(
        `select d.id, d.title, d.live and s.live is not false as live
         from knowledge_documents d left join scopes s on s.id = d.scope_id
         where d.workspace_id = $1 and d.store_id = $2 and (d.id = $3 or d.url = $3 or d.source || ':' || d.source_id = $3)
         order by d.live desc, d.id`,
        [workspaceId, storeId, name],
      ),
    ),

  add: ({ workspaceId, storeId }, { id, query, documentId }, max) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const known = await tx.query("select from eval_queries where id = $1", [id])
      if (known.length > 0) return "already there"
      const added = await tx.query(
        `insert into eval_queries (id, workspace_id, store_id, query, document_id)
         select $3, $1, $2, $4, $5
         where (select count(*) from eval_queries where workspace_id = $1 and store_id = $2) < $6
         on conflict do nothing returning id`,
        [workspaceId, storeId, id, query, documentId, max],
      )
      return added.length === 1 ? "added" : "too many"
    }),

  remove: (workspaceId, id) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const gone = await tx.query("delete from eval_queries where workspace_id = $1 and id = $2 returning id", [
        workspaceId,
        id,
      ])
      return gone.length === 1
    }),

  queries: ({ workspaceId, storeId }) =>
    database.inWorkspace(workspaceId, (tx) =>
      tx.query<ListedQuery>(
        `select q.id, q.query, q.document_id as "documentId", q.added_at as "addedAt",
                coalesce(d.live and s.live is not false, false) as live, coalesce(d.title, '') as title
         from eval_queries q left join knowledge_documents d on d.id = q.document_id left join scopes s on s.id = d.scope_id
         where q.workspace_id = $1 and q.store_id = $2 order by q.added_at, q.id`,
        [workspaceId, storeId],
      ),
    ),

  changedSince: ({ workspaceId, storeId }, since) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const [row] = await tx.query<{ changed: boolean }>(changedSql, [workspaceId, storeId, since])
      return row!.changed
    }),

  coverage: (place, hotSince) => database.inWorkspace(place.workspaceId, (tx) => coverage(tx, place, hotSince)),

  summaries: (place, max) => database.inWorkspace(place.workspaceId, (tx) => summaries(tx, place, max)),

  runs: ({ workspaceId, storeId }, max) =>
    database.inWorkspace(workspaceId, (tx) =>
      tx.query<EvaluationRun>(
        `select ${runColumns} from eval_runs where workspace_id = $1 and store_id = $2
         order by started_at desc, id desc limit $3`,
        [workspaceId, storeId, max],
      ),
    ),

  record: ({ workspaceId, storeId }, run) =>
    database.inWorkspace(workspaceId, async (tx) => {
      await tx.insert("eval_runs", [{ ...run, workspaceId, storeId }])
      await tx.query(
        `delete from eval_runs where workspace_id = $1 and store_id = $2 and id in (
           select id from eval_runs where workspace_id = $1 and store_id = $2 order by started_at desc, id desc offset $3)`,
        [workspaceId, storeId, runsKept],
      )
    }),

  unsent: ({ workspaceId, storeId }, since, max) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const newest = await tx.query<EvaluationRun & { readonly id: EvalRunId }>(
        `select ${runColumns} from eval_runs where workspace_id = $1 and store_id = $2 and started_at > $3 and sent_at is null
         order by started_at desc, id desc limit $4`,
        [workspaceId, storeId, since, max],
      )
      return newest.reverse()
    }),

  sent: ({ workspaceId }, id) =>
    database.inWorkspace(workspaceId, async (tx) => {
      await tx.query("update eval_runs set sent_at = now() where workspace_id = $1 and id = $2", [workspaceId, id])
    }),
})
