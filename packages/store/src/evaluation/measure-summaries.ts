import type { CitedObservation, Covered, EvaluationRun, SummaryToCheck } from "@engram/contracts/evaluation"
import type { Transaction } from "../transaction.ts"

interface Place {
  readonly workspaceId: string
  readonly storeId: string
}

// A summary shows while all that it cites is live: one that does not covers nothing.
const coverageSql = `
  with shown as (
    select s.evidence_ids from memory_summaries s
    where s.workspace_id = $1 and s.store_id = $2 and not exists (
      select from unnest(s.cited_ids) as c(id) left join memory_observations o on o.id = c.id where o.live is not true)),
  covered as (select distinct e.id from shown, unnest(shown.evidence_ids) as e(id))
  select o.occurred_at >= $3 as hot, count(*)::int as live, count(c.id)::int as covered
  from memory_observations o left join covered c on c.id = o.id
  where o.workspace_id = $1 and o.store_id = $2 and o.live group by 1`

/** How many live observations there are, and how many of them a summary that shows rests on. */
export async function coverage(
  tx: Transaction,
  { workspaceId, storeId }: Place,
  hotSince: Date,
): Promise<EvaluationRun["coverage"]> {
  const rows = await tx.query<Covered & { hot: boolean }>(coverageSql, [workspaceId, storeId, hotSince])
  const of = (hot: boolean): Covered => {
    const { live = 0, covered = 0 } = rows.find((row) => row.hot === hot) ?? {}
    return { live, covered }
  }
  return { hot: of(true), old: of(false) }
}

// By a hash of the id, so that it is a fair sample and the same one each time. What everybody in the workspace may read must
// rest on what everybody may read; a summary of a private scope, on that scope and what is open.
const summariesSql = `
  select s.title, s.sentences,
    (select coalesce(json_agg(json_build_object('id', o.id, 'title', o.title, 'text', o.text, 'occurredAt', o.occurred_at)), '[]')
     from memory_observations o join scopes p on p.id = o.scope_id
     where o.workspace_id = $1 and o.store_id = $2 and o.id = any(s.cited_ids) and o.live and p.live is not false
       and (p.privacy = 'org' or p.id = s.scope_id)) as evidence
  from memory_summaries s where s.workspace_id = $1 and s.store_id = $2 order by md5(s.id) limit $3`

interface SummaryRow extends SummaryToCheck {
  readonly evidence: readonly (Omit<CitedObservation, "occurredAt"> & { readonly occurredAt: string })[]
}

/** Summaries with what their sentences may rest on: what is live, and readable by all who may read the summary. */
export async function summaries(
  tx: Transaction,
  { workspaceId, storeId }: Place,
  max: number,
): Promise<(SummaryToCheck & { readonly evidence: readonly CitedObservation[] })[]> {
  const rows = await tx.query<SummaryRow>(summariesSql, [workspaceId, storeId, max])
  return rows.map((row) => ({
    ...row,
    evidence: row.evidence.map((each) => ({ ...each, occurredAt: new Date(each.occurredAt) })),
  }))
}
