import { setTimeout as wait } from "node:timers/promises"
import { RetryLater } from "@engram/contracts/errors"
import type { StoreId } from "@engram/contracts/ids"
import { type EmbeddingVersion, vectorFamilies } from "@engram/contracts/knowledge"
import type { Lane, LaneQueue, Log, VectorIndex } from "@engram/contracts/ports"
import type { RebuildLedger, VectorBeliefs, VectorKey } from "@engram/contracts/reconcile"
import type { VectorLedger } from "@engram/contracts/vectors"
import { namespaceOf } from "../embed.ts"
import { tellQueue } from "../wake.ts"
import { withLease } from "../with-lease.ts"

/** Rows owed again in one transaction: some hundred milliseconds, in which nobody else can change them. */
const rowsMax = 5_000
/** Between two tries for a lane that others are working on; they let go of it for milliseconds between their turns. */
const leaseTryMs = 10

export interface RebuildVectorsDeps {
  readonly ledger: RebuildLedger
  readonly beliefs: Pick<VectorBeliefs, "stores" | "versions">
  readonly leases: Pick<VectorLedger, "lease" | "release">
  readonly index: Pick<VectorIndex, "clear">
  readonly queue: Pick<LaneQueue, "wake">
  readonly log: Log
  readonly leaseMs: number
}

export interface RebuiltVersion {
  readonly workspaceId: string
  readonly storeId: StoreId
  readonly store: string
  readonly versionId: EmbeddingVersion["id"]
  readonly model: string
  /** An earlier run had emptied it; nothing was emptied again. */
  readonly resumed: boolean
  /** Vectors to be written. */
  readonly vectors: number
}

/**
 * Empties the namespaces of a workspace's stores (one store's with `storeId`) and owes every vector to the lanes, which write them from
 * the values that Postgres keeps: nothing is embedded. Vectors first are owed, then removed: whatever happens in between, nothing is
 * believed written that is not. A version whose filling by an earlier run is not over goes on, unless `restart` empties it again.
 */
export async function rebuildVectors(
  deps: RebuildVectorsDeps,
  request: { readonly workspaceId: string; readonly storeId?: string; readonly restart?: boolean },
): Promise<RebuiltVersion[]> {
  const { workspaceId, storeId: only, restart = false } = request
  const done: RebuiltVersion[] = []
  for (const { storeId, name } of await deps.beliefs.stores(workspaceId)) {
    if (only !== undefined && only !== storeId) continue
    const lane: Lane = { stage: "embed", workspaceId, storeId }
    for (const version of await deps.beliefs.versions(workspaceId, storeId)) {
      const place = { workspaceId, storeId, versionId: version.id }
      const resumed = !restart && (await deps.ledger.refill(place)).left > 0
      if (!resumed) await alone(deps, lane, () => emptyVersion(deps, place, version))
      const { left } = await deps.ledger.refill(place)
      done.push({ ...place, store: name, model: version.model.model, resumed, vectors: left })
    }
    await tellQueue(deps.queue, deps.log, lane)
  }
  return done
}

/** How many vectors the lanes still have to write. */
export async function vectorsLeft(
  { ledger }: Pick<RebuildVectorsDeps, "ledger">,
  versions: readonly RebuiltVersion[],
): Promise<number> {
  let left = 0
  for (const version of versions) left += (await ledger.refill(version)).left
  return left
}

/** Runs `work` while no lane writes. `RetryLater` when others keep the lane longer than a worker that died would. */
async function alone(deps: RebuildVectorsDeps, lane: Lane, work: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + 4 * deps.leaseMs
  while (performance.now() < deadline) {
    const done = await withLease(deps.leases, lane, deps.leaseMs, async () => {
      await work()
      return true
    })
    if (done) return
    await wait(leaseTryMs * (0.5 + Math.random()))
  }
  throw new RetryLater(`others kept writing to the vectors of store ${lane.storeId}; try again`, { afterMs: 30_000 })
}

async function emptyVersion(
  { ledger, index }: RebuildVectorsDeps,
  place: Parameters<RebuildLedger["refill"]>[0],
  version: EmbeddingVersion,
): Promise<void> {
  const oweAll = async (): Promise<void> => {
    for (const family of vectorFamilies) {
      let after: VectorKey | undefined
      do after = await ledger.oweAll({ ...place, family }, after, rowsMax)
      while (after !== undefined)
    }
  }
  await oweAll()
  for (const family of vectorFamilies) {
    await index.clear({ index: version.indexName, namespace: namespaceOf(family, version) })
  }
  // Were the lease lost meanwhile, a lane might have written what was then removed.
  await oweAll()
  await ledger.emptied(place)
}
