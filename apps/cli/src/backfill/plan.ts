import type { LegacyTally } from "@engram/store/legacy-memories"
import type { UnidentifiedMemories } from "@engram/store/unidentified-memories"
import { blankPlace, type NamespaceTree, type Place } from "./namespace-tree.ts"
import { planUnidentified } from "./unidentified.ts"

/** What would become of rows that are alike. */
export interface PlannedRows {
  readonly workspaceId: string | null
  readonly workspace: string | null
  readonly scope: string | null
  readonly rows: number
  readonly place: Place
}

export interface Plan {
  readonly rows: number
  readonly copy: number
  readonly skip: number
  readonly error: number
  readonly namespaces: number
  readonly mapping: readonly PlannedRows[]
}

export function planBackfill(
  tree: NamespaceTree,
  tally: readonly LegacyTally[],
  unidentified: readonly UnidentifiedMemories[],
): Plan {
  const nameOf = (workspaceId: string | null): string | null =>
    workspaceId === null ? null : (tree.workspaces.get(workspaceId)?.name ?? null)
  const identified = tally.map(({ workspaceId, scope, blank, rows }) => {
    return { workspaceId, scope, rows, place: blank ? blankPlace : tree.placeOf({ workspaceId, scope }) }
  })
  const mapping = [...identified, ...planUnidentified(tree, unidentified)].map(
    (each): PlannedRows => ({ ...each, workspace: nameOf(each.workspaceId) }),
  )
  const rowsWith = (outcome: Place["outcome"]): number =>
    mapping.reduce((sum, { place, rows }) => sum + (place.outcome === outcome ? rows : 0), 0)
  return {
    rows: mapping.reduce((sum, { rows }) => sum + rows, 0),
    copy: rowsWith("copy"),
    skip: rowsWith("skip"),
    error: rowsWith("error"),
    namespaces: new Set(mapping.flatMap(({ place }) => (place.outcome === "copy" ? place.namespace : []))).size,
    mapping,
  }
}
