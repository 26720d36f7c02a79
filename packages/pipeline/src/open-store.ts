import type { EmbeddingModel, Lane } from "@engram/contracts/ports"
import type { VectorLedger } from "@engram/contracts/vectors"
import { embeddingVersionId } from "@engram/core/ids"
import { indexName } from "@engram/core/index-name"

/**
 * Sees to it that a store has an embedding version before anything is written to it: this fleet's model, unless the store
 * already has an active one. Asks Postgres once per store.
 */
export function openStore(deps: {
  readonly ledger: VectorLedger
  readonly model: EmbeddingModel
}): (lane: Lane) => Promise<void> {
  const opened = new Map<string, Promise<void>>()
  const open = async ({ workspaceId, storeId }: Lane): Promise<void> =>
    deps.ledger.ensureVersion(
      { workspaceId, storeId },
      {
        id: embeddingVersionId(storeId, deps.model),
        model: deps.model,
        indexName: indexName({ workspaceId, storeId, dimension: deps.model.dimension }),
      },
    )
  return (lane) => {
    const known = opened.get(lane.storeId) ?? open(lane)
    opened.set(lane.storeId, known)
    return known.catch((error) => {
      opened.delete(lane.storeId)
      throw error
    })
  }
}
