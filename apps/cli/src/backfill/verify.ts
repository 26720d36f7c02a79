import type { LegacyMemories } from "@engram/store/legacy-memories"
import type { Finding, Report } from "./finding.ts"
import type { MemoryPlugin } from "./memory-plugin.ts"
import { type NamespaceTree, scopeOf } from "./namespace-tree.ts"
import { reportHomeless, reportUnmapped } from "./rows-without-a-place.ts"
import { reportUnidentified } from "./unidentified.ts"
import { verifyNamespace } from "./verify-namespace.ts"

export interface Verified {
  workspaces: number
  namespaces: number
  /** Legacy rows compared. */
  rows: number
  mismatches: number
  /** Rows of which no answer says whether they are there. */
  unproven: number
  /** Namespaces with more memories than one answer holds, where an extra memory shows only if some search returns it. */
  searchedNamespaces: number
}

/**
 * Compares what the plugin returns for the namespaces that these workspaces may read with the legacy rows that belong there, as
 * multisets of (id, content). A namespace with fewer than 100 memories is listed whole by one search without a query, and both
 * directions are proven. The contract lists no more than 100, so in a larger one each legacy row is asked for by its text; it is
 * missing where an answer that had to have it had room left, and not proven where each was full of others.
 * Holds an id and a hash per legacy row of one namespace.
 */
export async function verifyBackfill(job: {
  readonly legacy: LegacyMemories
  readonly plugin: MemoryPlugin
  readonly tree: NamespaceTree
  readonly workspaceIds: readonly string[]
  /** Whether rows are looked at that belong to no workspace of the tree, too. */
  readonly wholeTable: boolean
  readonly lanes: number
  readonly signal: AbortSignal
  onFinding(finding: Finding): void
  onWorkspace(verified: Verified): void
}): Promise<Verified> {
  const { legacy, plugin, tree, workspaceIds, lanes, signal, onWorkspace } = job
  const verified: Verified = {
    workspaces: 0,
    namespaces: 0,
    rows: 0,
    mismatches: 0,
    unproven: 0,
    searchedNamespaces: 0,
  }
  const report: Report = (finding) => {
    if (finding.kind === "not proven") verified.unproven++
    else verified.mismatches++
    job.onFinding(finding)
  }
  await reportUnidentified(legacy, tree, job.wholeTable ? undefined : workspaceIds[0], report)
  if (job.wholeTable) await reportHomeless(legacy, tree, report)
  // Workspaces of one team share two of their three namespaces.
  const done = new Set<string>()
  const written = Map.groupBy(await legacy.scopes(), scopeOf)
  for (const workspaceId of workspaceIds) {
    await reportUnmapped(legacy, tree, workspaceId, report)
    const readable = tree.readable(workspaceId)
    for (const { namespace, scope, workspaceIds } of typeof readable === "string" ? [] : readable) {
      if (done.has(namespace)) continue
      done.add(namespace)
      signal.throwIfAborted()
      const selection = { workspaceIds, scopes: written.get(scope) ?? [] }
      const { rows, isListed } = await verifyNamespace({ legacy, plugin, namespace, selection, lanes, signal, report })
      verified.rows += rows
      verified.searchedNamespaces += isListed ? 0 : 1
      verified.namespaces++
    }
    verified.workspaces++
    onWorkspace(verified)
  }
  return verified
}
