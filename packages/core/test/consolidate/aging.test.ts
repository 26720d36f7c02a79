import { ageOf } from "@engram/core/consolidate/aging"
import fc from "fast-check"
import { expect, test } from "vitest"

const now = Date.parse("2026-11-21T02:00:00Z")
const dayMs = 86_400_000
const aged = (days: number, importance = 0.5, isSummarized = false) =>
  ageOf({ occurredAt: now - days * dayMs, importance, isSummarized }, now)

test("nothing of the last 90 days leaves the index, however little it weighs and whatever sums it up", () => {
  fc.assert(
    fc.property(
      fc.double({ min: -30, max: 90, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.boolean(),
      (days, importance, isSummarized) => {
        expect(aged(days, importance, isSummarized)).toBe("hot")
      },
    ),
  )
})

test("what is older than 180 days gives way to its summary, and what weighs less than 0.2 to nothing after 90", () => {
  expect(aged(181, 0.9, true)).toBe("compressed")
  expect(aged(180, 0.9, true)).toBe("kept")
  expect(aged(1_000, 0.9, false)).toBe("kept")
  expect(aged(91, 0.19, true)).toBe("tail")
  expect(aged(1_000, 0.19, false)).toBe("tail")
  expect(aged(91, 0.2, false)).toBe("kept")
})
