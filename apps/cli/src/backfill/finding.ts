/**
 *   missing       a legacy row that the plugin does not return
 *   different     returned, with other content
 *   extra         returned, and no legacy row belongs there: never copied, copied to the wrong place, or returned twice
 *   unmapped      rows of a workspace (`id`, or "(none)") that have no place in the tree
 *   unidentified  rows that were not copied, since their id is null (`id` is "(none)") or that of several rows
 *   not proven    no mismatch: the plugin gave a hundred others whatever it was asked for, so the row may be there or not
 */
export interface Finding {
  readonly kind: "missing" | "different" | "extra" | "unmapped" | "unidentified" | "not proven"
  readonly id: string
  readonly namespace: string | null
  readonly detail: string
}

export type Report = (finding: Finding) => void
