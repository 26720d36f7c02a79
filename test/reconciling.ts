import { namespaceOf } from "@engram/pipeline/embed"
import { type ReconcileDeps, type ReconcileRequest, reconcile } from "@engram/pipeline/reconcile/reconcile"
import { createArtifactBeliefs, createVectorBeliefs } from "@engram/store/reconcile-ledger"
import type { Workbench } from "./workbench.ts"

/** Late enough that nothing is too fresh to be judged. */
export const inAnHour = (): Date => new Date(Date.now() + 3_600_000)

export const depsOf = (bench: Workbench): ReconcileDeps => ({
  beliefs: { ...createVectorBeliefs(bench.database), ...createArtifactBeliefs(bench.database) },
  index: bench.index,
  artifacts: bench.artifactStore,
})

export const reconcileBench = (bench: Workbench, request: Partial<ReconcileRequest> = {}, deps = depsOf(bench)) =>
  reconcile(deps, { workspaceId: bench.lane.workspaceId, now: inAnHour(), ...request })

/** Where the index holds a family's vectors. */
export async function targetOf(bench: Workbench, family: string) {
  const [version] = await bench.rows<{ id: `emb_${string}`; name: string }>(
    "select id, index_name as name from embedding_versions where status = 'active'",
  )
  return { index: version!.name, namespace: namespaceOf(family, version!) }
}
