import { isBlank, type LegacyMemories, type LegacyMemory, type LegacySelection } from "@engram/store/legacy-memories"
import { inLanes } from "./in-lanes.ts"
import { createJudge, hashOf, type Judge } from "./judge.ts"
import { type MemoryPlugin, searchLimitMax } from "./memory-plugin.ts"
import type { Mismatch, Report } from "./mismatch.ts"
import { type NamespaceTree, scopeOf } from "./namespace-tree.ts"
import { queriesFor } from "./queries.ts"
import { reportHomeless, reportUnmapped } from "./rows-without-a-place.ts"

export interface Verified {
  workspaces: number
  namespaces: number
  /** Legacy rows compared. */
  rows: number
  mismatches: number
  /** Rows beyond the first hundred of one and the same text in one namespace: no search tells them apart. */
  unproven: number
  /** Namespaces with more memories than one answer holds, where an extra memory shows only if some search returns it. */
  searchedNamespaces: number
}

const batchRows = 500

/**
 * Compares what the plugin returns for the namespaces that these workspaces may read with the legacy rows that belong there, as
 * multisets of (id, content). A namespace with fewer than 100 memories is listed whole by one search without a query, and both
 * directions are proven. The contract lists no more than 100, so in a larger one each legacy row is asked for by its text.
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
  onMismatch(mismatch: Mismatch): void
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
  const report: Report = (mismatch) => {
    verified.mismatches++
    job.onMismatch(mismatch)
  }
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
      await verifyNamespace({ legacy, plugin, namespace, selection, lanes, signal, verified, report })
      verified.namespaces++
    }
    verified.workspaces++
    onWorkspace(verified)
  }
  return verified
}

interface Comparison {
  readonly legacy: LegacyMemories
  readonly plugin: MemoryPlugin
  readonly namespace: string
  /** The legacy rows that belong there. */
  readonly selection: LegacySelection
  readonly lanes: number
  readonly signal: AbortSignal
  readonly verified: Verified
  readonly report: Report
}

async function verifyNamespace(comparison: Comparison): Promise<void> {
  const { legacy, plugin, namespace, selection, verified, report } = comparison
  const expected = new Map<string, string>()
  for await (const { rows } of legacy.read(selection, batchRows)) {
    for (const row of rows) if (!isBlank(row)) expected.set(row.id, hashOf(row.content ?? ""))
  }
  verified.rows += expected.size

  const judge = createJudge(namespace, expected, report)
  const newest = await plugin.search({ namespace })
  judge.see(newest)
  if (newest.length >= searchLimitMax) {
    verified.searchedNamespaces++
    await askForEach(comparison, judge)
  }
  for (const id of expected.keys()) {
    if (judge.seen.has(id) || judge.unproven.has(id)) continue
    const detail = newest.length < searchLimitMax ? "it is not among all there is" : "no search for its text returns it"
    report({ kind: "missing", id, namespace, detail })
  }
  verified.unproven += judge.unproven.size
}

/** Every answer settles up to a hundred rows, so most rows need no question of their own. */
async function askForEach(
  { legacy, plugin, namespace, selection, lanes, signal }: Comparison,
  judge: Judge,
): Promise<void> {
  const ask = async (row: LegacyMemory): Promise<void> => {
    const { id } = row
    const content = row.content ?? ""
    if (isBlank(row) || judge.seen.has(id)) return
    for (const query of queriesFor(content)) {
      signal.throwIfAborted()
      const found = await plugin.search({ namespace, query })
      judge.see(found)
      if (judge.seen.has(id)) return
      if (found.length >= searchLimitMax && found.every((memory) => memory.content === content)) {
        judge.unproven.add(id)
        return
      }
    }
  }
  await inLanes(rowsOf(legacy.read(selection, batchRows)), lanes, ask)
}

async function* rowsOf(batches: ReturnType<LegacyMemories["read"]>): AsyncGenerator<LegacyMemory, void> {
  for await (const { rows } of batches) yield* rows
}
