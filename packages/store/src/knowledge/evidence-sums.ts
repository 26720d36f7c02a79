import type { Transaction } from "../transaction.ts"
import { isMet } from "./conditions.ts"

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
     from unnest($1::text[]) as t(id) cross join lateral (
       select count(*) > 0 as live, min(e.since) as since, max(e.confidence) as confidence,
              case when bool_or(e.until is null) then null else max(e.until) end as until
       from relationship_evidence e where e.relationship_id = t.id and e.live and ${isMet}) s
     where r.id = any($1) and r.id = t.id and r.detected_by <> 'manual'
       and (r.live, r.since, r.until, r.confidence)
         is distinct from (s.live, coalesce(s.since, r.since), s.until, coalesce(s.confidence, r.confidence))`,
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
