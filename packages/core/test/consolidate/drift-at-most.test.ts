import { addTo, centroids, drift, driftAtMost, type Sums, weightOf } from "@engram/core/consolidate/centroid"
import { unitLength } from "@engram/core/unit-length"
import fc from "fast-check"
import { describe, expect, test } from "vitest"

const vector = fc
  .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 })
  .filter((values) => Math.hypot(...values) > 0.01)
  .map((values) => unitLength(values))

const sumOf = (vectors: readonly Float32Array[]): Sums => {
  const sums: Sums = new Map()
  for (const values of vectors) addTo(sums, "body", values)
  return sums
}

describe("a profile that is not measured", () => {
  test("has not drifted further than so many new vectors can turn it", () => {
    const some = fc.array(vector, { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(some, some, some, (first, second, third) => {
        const rebuilt = centroids(sumOf(first)).get("body")
        const measured = sumOf([...first, ...second])
        const now = centroids(sumOf([...first, ...second, ...third])).get("body")
        const then = centroids(measured).get("body")
        fc.pre(rebuilt !== undefined && then !== undefined && now !== undefined)
        const most = driftAtMost({
          drift: drift(then!, rebuilt!),
          weight: weightOf(measured, "body"),
          changed: third.length,
        })
        expect(drift(now!, rebuilt!)).toBeLessThanOrEqual(most + 1e-6)
      }),
      { numRuns: 2_000 },
    )
  })

  test("may be anywhere when as many came as it weighed", () => {
    expect(driftAtMost({ drift: 0, weight: 5, changed: 5 })).toBe(2)
    expect(driftAtMost({ drift: 0, weight: 0, changed: 0 })).toBe(2)
    expect(driftAtMost({ drift: 0, weight: 5, changed: 0 })).toBe(0)
  })
})
