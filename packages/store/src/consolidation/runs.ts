import type { ConsolidationRun } from "@engram/contracts/consolidation"
import type { ConsolidationLedger } from "@engram/contracts/consolidation-ledger"
import { RetryLater } from "@engram/contracts/errors"
import type { Database } from "../database.ts"
import type { Transaction } from "../transaction.ts"

export const runColumns = `id, workspace_id as "workspaceId", kind, night::text, state, started_at as "startedAt", finished_at as "finishedAt", report, reason`

export const createRuns = (database: Database): Pick<ConsolidationLedger, "begin" | "renew" | "finish"> => ({
  begin: (workspaceId, { id, kind, night, day, leaseMs }) =>
    database.inWorkspace(workspaceId, async (tx) => {
      await tx.query(
        `update consolidation_runs set state = 'abandoned', finished_at = now(), reason = 'Its process ended before it did.'
         where workspace_id = $1 and state = 'running' and leased_until < now()`,
        [workspaceId],
      )
      const [last] = await tx.query<{ day: string | null }>(
        "select max(day)::text as day from consolidation_runs where workspace_id = $1 and state = 'done' and kind <> 'threshold'",
        [workspaceId],
      )
      const begun = await tx.query(
        `insert into consolidation_runs (id, workspace_id, kind, night, state, day, leased_until)
         values ($1, $2, $3, $4, 'running', $5, now() + make_interval(secs => $6 / 1000.0)) on conflict do nothing returning id`,
        [id, workspaceId, kind, night, day, leaseMs],
      )
      return begun.length === 0 ? undefined : { lastDay: last?.day ?? null }
    }),

  renew: (workspaceId, runId, leaseMs) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const renewed = await tx.query(
        `update consolidation_runs set leased_until = now() + make_interval(secs => $3 / 1000.0)
         where workspace_id = $1 and id = $2 and state = 'running' returning id`,
        [workspaceId, runId, leaseMs],
      )
      return renewed.length === 1
    }),

  finish: (workspaceId, runId, { state, report, reason, marks, keepTopics, again }) =>
    database.inWorkspace(workspaceId, async (tx) => {
      await holdRun(tx, workspaceId, runId)
      if (keepTopics) {
        await tx.query(
          `insert into consolidation_marks (workspace_id, store_id, day)
           select distinct workspace_id, store_id, day from consolidation_marks
           where workspace_id = $1 and id = any($2::bigint[]) and day is not null`,
          [workspaceId, marks],
        )
      }
      await tx.query("delete from consolidation_marks where workspace_id = $1 and id = any($2::bigint[])", [
        workspaceId,
        marks,
      ])
      await tx.query(
        `insert into consolidation_marks (workspace_id, store_id, alias_id, day)
         select $1, k."storeId", k."aliasId", k.day from json_to_recordset($2) as k("storeId" text, "aliasId" text, day date)`,
        [workspaceId, JSON.stringify(again)],
      )
      const [run] = await tx.query<ConsolidationRun>(
        `update consolidation_runs set state = $3, finished_at = now(), report = $4, reason = $5
         where workspace_id = $1 and id = $2 returning ${runColumns}`,
        [workspaceId, runId, state, JSON.stringify(report), reason],
      )
      return run!
    }),
})

/** Keeps the run ours until the transaction ends; rejects when it was taken for dead, so that two runs never write by turns. */
export async function holdRun(tx: Transaction, workspaceId: string, runId: string): Promise<void> {
  const [ours] = await tx.query(
    "select from consolidation_runs where workspace_id = $1 and id = $2 and state = 'running' for share",
    [workspaceId, runId],
  )
  if (!ours) throw new RetryLater("the run's lease was over, and another took the workspace", { afterMs: 60_000 })
}
