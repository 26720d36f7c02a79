import type { Measure } from "@engram/contracts/consolidation-ledger"
import type { VectorView } from "@engram/contracts/knowledge"
import { dot } from "../dot.ts"
import { unitLength } from "../unit-length.ts"

/** Sums of vectors by view, from which the centroids come. Sums are of 64 bits: a million vectors of unit length lose nothing that shows. */
export type Sums = Map<VectorView, Float64Array>

export function addTo(sums: Sums, view: VectorView, values: Float32Array): void {
  let sum = sums.get(view)
  if (sum === undefined) {
    sum = new Float64Array(values.length)
    sums.set(view, sum)
  }
  for (let at = 0; at < sum.length; at++) sum[at]! += values[at]!
}

/** Length of a view's sum. */
export const weightOf = (sums: Sums, view: VectorView): number => Math.hypot(...(sums.get(view) ?? []))

/** Of unit length; a view whose vectors cancel out has none. */
export function centroids(sums: Sums): Map<VectorView, Float32Array> {
  const found = new Map<VectorView, Float32Array>()
  for (const [view, sum] of sums) {
    if (sum.some((value) => value !== 0)) found.set(view, unitLength([...sum]))
  }
  return found
}

/** How far a centroid has moved: 1 - cosine, 0 to 2. */
export const drift = (now: Float32Array, before: Float32Array): number => Math.min(2, Math.max(0, 1 - dot(now, before)))

/**
 * The most that a centroid can have drifted when so many vectors of unit length have come or gone since it was measured. A sum of
 * length w to which a vector of length k is added turns by asin(k / w) at most, and turns add up.
 */
export function driftAtMost({ drift, weight, changed }: Measure): number {
  if (changed >= weight) return 2
  return 1 - Math.cos(Math.min(Math.PI, Math.acos(1 - drift) + Math.asin(changed / weight)))
}

/** A centroid that has moved further than this is an entity that became about something else (DESIGN, section 8). */
export const driftMax = 0.25
/** A profile whose evidence changed is rebuilt after so long, however little it moved. */
export const rebuildAfterDays = 30
