import type { CalendarWindow, SummarySubject } from "@engram/contracts/consolidation"
import fc from "fast-check"
import { expect, test } from "vitest"
import { summaryTitle } from "../../src/consolidate/summary-title.ts"

const week: CalendarWindow = { kind: "week", from: "2026-05-04", until: "2026-05-11" }
const repository = (name: string) => ({ name, kind: "repository" }) as const

test.each([
  ["decisions", repository("octo/app"), week, "Decisions on octo/app, 4 to 10 May 2026"],
  [
    "incidents",
    null,
    { kind: "quarter", from: "2026-04-01", until: "2026-07-01" },
    "Incidents across the store, second quarter of 2026",
  ],
  [
    "releases",
    null,
    { kind: "quarter", from: "2025-10-01", until: "2026-01-01" },
    "Releases across the store, fourth quarter of 2025",
  ],
  [
    "work",
    { name: "Ada", kind: "account" },
    { kind: "month", from: "2026-02-01", until: "2026-03-01" },
    "Work around Ada, February 2026",
  ],
  [
    "goals",
    repository("a/b"),
    { kind: "week", from: "2026-04-27", until: "2026-05-04" },
    "Goals on a/b, 27 April to 3 May 2026",
  ],
  [
    "goals",
    repository("a/b"),
    { kind: "week", from: "2025-12-29", until: "2026-01-05" },
    "Goals on a/b, 29 December 2025 to 4 January 2026",
  ],
  ["work", repository(" \n "), week, "Work on something without a name, 4 to 10 May 2026"],
  ["work", repository("a\u202eb\nc"), week, "Work on a b c, 4 to 10 May 2026"],
] satisfies [SummarySubject["topic"], SummarySubject["entity"], CalendarWindow, string][])(
  "%s, %j, %j: %s",
  (topic, entity, window, title) => {
    expect(summaryTitle({ topic, entity, window })).toBe(title)
  },
)

test("a title is one line of at most 120 characters and names its window, whatever the name", () => {
  const longest = { kind: "week", from: "2025-12-29", until: "2026-01-05" } as const
  const name = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.constantFrom("👩‍👩‍👧‍👦".repeat(50), "word ".repeat(90)),
  )
  fc.assert(
    fc.property(name, (given) => {
      const title = summaryTitle({ topic: "decisions", entity: repository(given), window: longest })
      expect(title.length).toBeLessThanOrEqual(120)
      expect(title.isWellFormed()).toBe(true)
      expect(title).toMatch(/^Decisions on \S[^\n\r\0]*, 29 December 2025 to 4 January 2026$/u)
    }),
  )
})
