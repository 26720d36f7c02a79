import type { ArtifactsReconciled, Reconciled, VectorsReconciled } from "@engram/contracts/reconcile"
import { type ReconcileArtifacts, type ReconcileArtifactsDeps, reconcileArtifacts } from "./artifacts.ts"
import { type ReconcileVectorsDeps, reconcileVectors } from "./vectors.ts"

export interface ReconcileDeps {
  readonly beliefs: ReconcileVectorsDeps["beliefs"] & ReconcileArtifactsDeps["beliefs"]
  readonly index: ReconcileVectorsDeps["index"]
  readonly artifacts: ReconcileArtifactsDeps["artifacts"]
}

export interface ReconcileRequest extends Omit<ReconcileArtifacts, "onProgress"> {
  readonly onVectors?: (space: VectorsReconciled) => void
  readonly onArtifacts?: (so: ArtifactsReconciled) => void
}

/**
 * Compares Postgres with a workspace's vectors and artifacts and says what is missing, stale, damaged or orphaned. With `repair`,
 * vectors are owed to their lanes (whoever calls wakes them; the sweep does in any case), artifacts restored where their bytes are
 * still somewhere. Safe at any time, beside a fleet at work, and to be killed and run again.
 */
export async function reconcile(deps: ReconcileDeps, request: ReconcileRequest): Promise<Reconciled> {
  const { onVectors, onArtifacts, ...asked } = request
  const vectors = await reconcileVectors(deps, { ...asked, ...(onVectors ? { onProgress: onVectors } : {}) })
  const artifacts = await reconcileArtifacts(deps, { ...asked, ...(onArtifacts ? { onProgress: onArtifacts } : {}) })
  const inVectors = sum(vectors.map(({ missing, stale, orphaned }) => missing + stale + orphaned))
  return {
    workspaceId: request.workspaceId,
    repair: request.repair ?? false,
    vectors,
    artifacts,
    findings: inVectors + artifacts.missing + artifacts.damaged + artifacts.orphaned,
    repaired: sum(vectors.map(({ repaired }) => repaired)) + artifacts.restored + artifacts.removed,
  }
}

const sum = (counts: readonly number[]): number => counts.reduce((total, n) => total + n, 0)
