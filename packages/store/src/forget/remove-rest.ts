import type { ForgetCounts, ForgetScope } from "@engram/contracts/forget"
import type { Transaction } from "../transaction.ts"
import {
  releaseDeliveries,
  type removeDocuments,
  removeEntities,
  removeEvidence,
  removeObservations,
} from "./remove-documents.ts"
import { removeVectors } from "./remove-vectors.ts"

type Place = Parameters<typeof removeDocuments>[1]

/** What a source or a workspace has beside documents. Nothing for documents alone: that went with them. */
export async function removeRest(tx: Transaction, place: Place, scope: ForgetScope): Promise<ForgetCounts> {
  if ("documents" in scope) return {}
  // `$2` is the source, or empty for all of the workspace: a query needs the same parameters either way.
  const source = "source" in scope ? scope.source : ""
  const ofSource = (column: string): string => `($2::text[] = '{}' or ${column} = any($2))`
  const values = source === "" ? [] : [source]
  const { workspaceId } = place

  const moments = await tx.query<{ id: string }>(
    `select id from memory_observations where workspace_id = $1 and ${ofSource("source")}`,
    [workspaceId, values],
  )
  const momentIds = moments.map(({ id }) => id)
  const vectors = await removeVectors(tx, place, [["observations", momentIds]])
  await removeObservations(tx, place, momentIds)
  const edges = await removeEvidence(tx, workspaceId, momentIds)
  const entities = await removeEntities(
    tx,
    place,
    `select entity_id from entity_aliases where workspace_id = $1 and entity_id is not null and ${ofSource("split_part(alias_type, ':', 1)")}`,
    values,
  )
  const scopes = await tx.query(`delete from scopes where workspace_id = $1 and ${ofSource("source")} returning id`, [
    workspaceId,
    values,
  ])
  // Asked for again by the deliveries, where those are read again.
  await tx.query(`delete from wanted_fetches where workspace_id = $1 and ${ofSource("source")}`, [workspaceId, values])
  // What an import remembers is where it was; the suppression keeps what it would bring again out.
  await tx.query(`delete from imports where workspace_id = $1 and ${ofSource("source")}`, [workspaceId, values])
  const deliveries = await releaseDeliveries(
    tx,
    place,
    `select id from ingest_deliveries where workspace_id = $1 and ${ofSource("source")}`,
    values,
  )
  const rest = { observations: momentIds.length, vectors, edges, entities, scopes: scopes.length, deliveries }
  return source === "" ? { ...rest, ...(await removeWorkspace(tx, place)) } : rest
}

/** Edges and names that nothing is left to hold, and the doors. Stores stay until their vectors are gone. */
async function removeWorkspace(tx: Transaction, place: Place): Promise<ForgetCounts> {
  const { workspaceId, replay } = place
  if (replay) return {}
  const tables = [
    "memory_namespaces",
    "relationship_evidence",
    "relationships",
    "entity_aliases",
    "api_keys",
    "connections",
    "embedding_values",
    "eval_queries",
    "eval_runs",
    "accounts",
    "identity_decisions",
  ]
  const counts: Record<string, number> = {}
  for (const table of tables) {
    const gone = await tx.query(`delete from ${table} where workspace_id = $1 returning 1`, [workspaceId])
    counts[table] = gone.length
  }
  return counts
}
