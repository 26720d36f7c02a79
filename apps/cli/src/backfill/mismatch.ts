/**
 *   missing    a legacy row that the plugin does not return
 *   different  returned, with other content
 *   extra      returned, and no legacy row belongs there: never copied, copied to the wrong place, or returned twice
 *   unmapped   rows of a workspace (`id`, or "(none)") that have no place in the tree
 */
export interface Mismatch {
  readonly kind: "missing" | "different" | "extra" | "unmapped"
  readonly id: string
  readonly namespace: string | null
  readonly detail: string
}

export type Report = (mismatch: Mismatch) => void
