import type { LegacyMemories } from "@engram/store/legacy-memories"
import type { Report } from "./finding.ts"
import type { NamespaceTree } from "./namespace-tree.ts"
import { noId } from "./unidentified.ts"

/** Rows without a workspace, or of one that is not there: no sample of the workspaces could hold them. */
export async function reportHomeless(legacy: LegacyMemories, tree: NamespaceTree, report: Report): Promise<void> {
  const tally = await legacy.tally({})
  const homeless = tally.filter(
    ({ workspaceId, blank }) => !blank && (workspaceId === null || !tree.workspaces.has(workspaceId)),
  )
  for (const [workspaceId, tallies] of Map.groupBy(homeless, (each) => each.workspaceId)) {
    const rows = tallies.reduce((sum, each) => sum + each.rows, 0)
    const are = rows === 1 ? "1 row is" : `${rows} rows are`
    const detail =
      workspaceId === null
        ? `${rows === 1 ? "1 row names" : `${rows} rows name`} no workspace`
        : `${are} of this workspace, which is not in the table workspaces`
    report({ kind: "unmapped", id: workspaceId ?? noId, namespace: null, detail })
  }
}

/** Rows that were an error when they were copied: they are in the legacy table and nowhere else. */
export async function reportUnmapped(
  legacy: LegacyMemories,
  tree: NamespaceTree,
  workspaceId: string,
  report: Report,
): Promise<void> {
  const tally = await legacy.tally({ workspaceIds: [workspaceId] })
  for (const { scope, blank, rows } of tally) {
    const place = tree.placeOf({ workspaceId, scope })
    if (blank || place.outcome !== "error") continue
    report({ kind: "unmapped", id: workspaceId, namespace: null, detail: `${rows} of its rows: ${place.reason}` })
  }
}
