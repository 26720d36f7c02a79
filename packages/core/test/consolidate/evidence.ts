import type { Evidence, SummarySubject } from "@engram/contracts/consolidation"
import fc from "fast-check"

export const subject: SummarySubject = {
  entity: { name: "octo/app", kind: "repository" },
  topic: "decisions",
  window: { kind: "week", from: "2026-05-04", until: "2026-05-11" },
  observations: 3,
}

let made = 0

/** An observation of which only what matters is said; each later than the one before. */
export function evidence(text: string, given: Partial<Evidence> = {}): Evidence {
  made++
  const occurredAt = Date.UTC(2026, 4, 4) + made * 60_000
  const id = `obs_${String(made).padStart(6, "0")}` as const
  return {
    id,
    title: null,
    text,
    source: "github",
    kind: "merged",
    occurredAt,
    importance: 0.5,
    values: null,
    ...given,
  }
}

const word = fc.oneof(
  fc.constantFrom(
    "deploy",
    "login",
    "fails",
    "the",
    "v1.2",
    "v1.3",
    "decided",
    "because",
    "cache",
    "`code`",
    "**bold**",
  ),
  fc.constantFrom(
    "مرحبا",
    "العالم",
    "שלום",
    "日本語のテキスト",
    "デプロイが失敗した。",
    "🎉",
    "👩‍👩‍👧‍👦",
    "\ud83d",
    "\u202e",
    "\0",
    "e\u0301",
  ),
  fc.constantFrom(
    "[link](https://x.y/z)",
    "https://x.y/z?q=1",
    "<b>",
    "<!-- -->",
    "```",
    "# ",
    "- ",
    "1. ",
    "|",
    "\n",
    "\n\n",
    ". ",
    "! ",
    "e.g.",
  ),
  fc.string({ unit: "grapheme" }),
)
const text = fc.oneof(
  { weight: 8, arbitrary: fc.array(word, { maxLength: 30 }).map((words) => words.join(" ")) },
  { weight: 1, arbitrary: fc.constantFrom("", " ", "x".repeat(10_000), "👩‍👩‍👧‍👦".repeat(2_000), "漢".repeat(10_000)) },
)
const values = fc.oneof(
  fc.constant(null),
  fc
    .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 })
    .map((all) => Float32Array.from(all)),
  fc.constantFrom(new Float32Array(4), Float32Array.of(Number.NaN, 0, 0, 1), Float32Array.of(1, 0)),
)

/** Whatever may come: equal times, equal texts, half of them hardly a text. */
export const anyEvidence: fc.Arbitrary<Evidence[]> = fc
  .array(
    fc.record({
      title: fc.oneof(fc.constant(null), text),
      text,
      occurredAt: fc.integer({ min: 0, max: 3 }),
      importance: fc.double({ min: 0, max: 1, noNaN: true }),
      values,
    }),
    { maxLength: 30 },
  )
  .map((all) => all.map((each, i) => ({ id: `obs_${i}` as const, source: "slack", kind: "message", ...each })))

/** The same in another order, copied so that nothing is shared. */
export const shuffled = (all: readonly Evidence[]): fc.Arbitrary<Evidence[]> =>
  fc
    .shuffledSubarray([...all], { minLength: all.length, maxLength: all.length })
    .map((some) => some.map((each) => ({ ...each })))
