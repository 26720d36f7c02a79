import type { Transaction } from "../transaction.ts"
import { removeVectors } from "./remove-vectors.ts"

/**
 * Summaries and profiles that rest on these observations, which the caller has removed or rewritten in this transaction, after
 * `holdConsolidation`: so no run is between having read them and having written what they came to.
 */
export async function removeDerived(
  tx: Transaction,
  place: { readonly workspaceId: string; readonly forgettingId: string },
  observations: readonly { readonly id: string; readonly subjectAliasIds: readonly string[] }[],
): Promise<void> {
  const { workspaceId } = place
  const summaries = await tx.query<{ id: string }>(
    "delete from memory_summaries where workspace_id = $1 and evidence_ids && $2 returning id",
    [workspaceId, observations.map(({ id }) => id)],
  )
  const profiles = await tx.query<{ id: string }>(
    `delete from memory_profiles where workspace_id = $1 and entity_id in (
       select coalesce(c.person_id, a.entity_id, k.alias_id) from unnest($2::text[]) as k(alias_id)
       left join entity_aliases a on a.id = k.alias_id left join accounts c on c.id = a.entity_id) returning id`,
    [workspaceId, [...new Set(observations.flatMap(({ subjectAliasIds }) => subjectAliasIds))]],
  )
  await removeVectors(tx, place, [
    ["summaries", summaries.map(({ id }) => id)],
    ["profiles", profiles.map(({ id }) => id)],
  ])
}
