import type { KnowledgeWrite } from "@engram/contracts/knowledge"
import type { Transaction } from "../transaction.ts"

/** The events since the last fetch of a thing; see db's wanted_fetches. */
export const isOwed = "(f.covered_at is null or f.covered_at < f.wanted_at)"

// An event that is not newer than the newest one changes nothing, so any order and any repetition owes the same fetches.
const want = `
  insert into wanted_fetches as f (connection_id, kind, thing_id, workspace_id, store_id, source, within, wanted_at, due_at)
  select r."connectionId", r.kind, r.id, $2, r."storeId", r.source, r.within, r.at, now() + make_interval(secs => $3 / 1000.0)
    from json_to_recordset($1) as r ("connectionId" text, kind text, id text, "storeId" text, source text, within text, at bigint)
   order by 1, 2, 3
  on conflict (connection_id, kind, thing_id) do update set
    wanted_at = excluded.wanted_at,
    within = coalesce(excluded.within, f.within),
    attempts = case when ${isOwed} then f.attempts else 0 end,
    failures = case when ${isOwed} then f.failures else 0 end,
    owed_since = case when ${isOwed} then f.owed_since else now() end,
    due_at = greatest(
      least(excluded.due_at, (case when ${isOwed} then f.owed_since else now() end) + make_interval(secs => $4 / 1000.0)),
      case when ${isOwed} and f.failures > 0 then f.due_at end)
  where excluded.wanted_at > f.wanted_at`

export const writeFetches = (tx: Transaction, workspaceId: string): Pick<KnowledgeWrite, "wantFetches"> => ({
  wantFetches: async (rows, { settleMs, settleMaxMs }) => {
    tx.send(want, [JSON.stringify(rows), workspaceId, settleMs, settleMaxMs])
  },
})
