import type { LegacyMemories } from "@engram/store/legacy-memories"
import type { UnidentifiedMemories } from "@engram/store/unidentified-memories"
import { count } from "../words.ts"
import type { Report } from "./finding.ts"
import { blankPlace, type NamespaceTree, type Place } from "./namespace-tree.ts"

interface UnplacedRows {
  readonly workspaceId: string | null
  readonly scope: string | null
  readonly rows: number
  readonly place: Place
}

/** For want of an id. */
export const noId = "(none)"

/** What a rule leaves out needs no id; all else is an error, since a memory needs one of its own. */
export function placeOfUnidentified(tree: NamespaceTree, row: UnidentifiedMemories): Place {
  const place = row.blank ? blankPlace : tree.placeOf(row)
  return place.outcome === "skip" ? place : { outcome: "error", reason: reasonOf(row) }
}

function reasonOf({ id, rows, workspaceId, sharing }: UnidentifiedMemories): string {
  if (id !== null) return `${sharing} rows have this id, and a memory needs one of its own`
  return `${count(rows, "row")} of workspace ${workspaceId ?? noId} ${rows === 1 ? "has" : "have"} no id`
}

const idsShown = 3

/** As a plan has them: those that are alike in one line. */
export function planUnidentified(tree: NamespaceTree, rows: readonly UnidentifiedMemories[]): UnplacedRows[] {
  const alike = Map.groupBy(rows, (row) => {
    const { outcome } = placeOfUnidentified(tree, row)
    return JSON.stringify([row.workspaceId, row.scope, outcome, outcome === "error" && row.id === null])
  })
  return [...alike.values()].map((group) => {
    const [{ workspaceId, scope, id }, place] = [group[0]!, placeOfUnidentified(tree, group[0]!)]
    const ids = [...new Set(group.map(({ id }) => id))]
    const some = `${ids.slice(0, idsShown).join(", ")}${ids.length > idsShown ? ", …" : ""}`
    const reason = id === null ? "they have no id" : `their ids are those of several rows each: ${some}`
    const total = group.reduce((sum, { rows }) => sum + rows, 0)
    return { workspaceId, scope, rows: total, place: place.outcome === "error" ? { ...place, reason } : place }
  })
}

/** Those that could not be copied; of all workspaces, or of one with what others wrote where it may read. */
export async function reportUnidentified(
  legacy: LegacyMemories,
  tree: NamespaceTree,
  workspaceId: string | undefined,
  report: Report,
): Promise<void> {
  const readable = workspaceId === undefined ? [] : tree.readable(workspaceId)
  const namespaces = new Set(typeof readable === "string" ? [] : readable.map(({ namespace }) => namespace))
  for (const row of await legacy.unidentified({})) {
    const place = placeOfUnidentified(tree, row)
    const home = tree.placeOf(row)
    const namespace = home.outcome === "copy" ? home.namespace : null
    const isLookedAt =
      workspaceId === undefined || row.workspaceId === workspaceId || (namespace !== null && namespaces.has(namespace))
    if (place.outcome !== "error" || !isLookedAt) continue
    report({ kind: "unidentified", id: row.id ?? noId, namespace, detail: place.reason })
  }
}
