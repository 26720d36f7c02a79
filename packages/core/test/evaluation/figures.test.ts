import type { EvaluationRun, Figures, QueryResult } from "@engram/contracts/evaluation"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { answersOf, dropsOf } from "../../src/evaluation/figures.ts"

const none: Figures = { recallAt5: null, recallAt10: null, mrr: null, summaryCoverage: null, faithfulness: null }

/** A run by the rank of each query, in order. */
function ran(
  ranks: readonly (number | null)[],
  more: Partial<Figures> = {},
): Pick<EvaluationRun, "results" | "figures"> {
  const results = ranks.map((rank, at): QueryResult => ({ queryId: `evq_${at}`, rank }))
  return { results, figures: { ...none, ...answersOf(results), ...more } }
}

describe("figures", () => {
  test("recall counts the first 5 and the first 10, and MRR means 1 / rank", () => {
    const { recallAt5, recallAt10, mrr } = answersOf(ran([1, 2, 5, 6, 10, null]).results)
    expect([recallAt5, recallAt10]).toEqual([3 / 6, 5 / 6])
    expect(mrr).toBeCloseTo((1 + 1 / 2 + 1 / 5 + 1 / 6 + 1 / 10) / 6, 12)
  })

  test("nothing asked is no figure, not a nought", () => {
    expect(answersOf([])).toEqual({ recallAt5: null, recallAt10: null, mrr: null })
  })

  test("each is between 0 and 1, and recall at 5 no more than at 10", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer({ min: 1, max: 10 })), { minLength: 1 }), (ranks) => {
        const { recallAt5, recallAt10, mrr } = answersOf(ran(ranks).results)
        expect(recallAt5).toBeGreaterThanOrEqual(0)
        expect(recallAt5).toBeLessThanOrEqual(recallAt10!)
        expect(recallAt10).toBeLessThanOrEqual(1)
        expect(mrr).toBeLessThanOrEqual(recallAt10!)
      }),
    )
  })
})

describe("drops", () => {
  const good = ran([1, 1, 1, 1])

  test("a first run has nothing to fall from", () => {
    expect(dropsOf(ran([null, null, null, null]), [])).toEqual([])
  })

  test("one bad run among the last five is not what is usual", () => {
    expect(dropsOf(good, [ran([null, 1, 1, 1]), good, good])).toEqual([])
    expect(dropsOf(ran([null, 1, 1, 1]), [ran([null, null, 1, 1]), good, good]).map(({ measure }) => measure)).toEqual([
      "recallAt5",
      "recallAt10",
      "mrr",
    ])
  })

  test("what lies further back than five runs counts no more", () => {
    const worse = ran([null, 1, 1, 1])
    expect(dropsOf(worse, [worse, worse, worse, worse, worse, good, good, good, good, good, good])).toEqual([])
  })

  test("a fall by just what it may is none, by more is one", () => {
    const twenty = (missing: number) => ran(Array.from({ length: 20 }, (_, at) => (at < missing ? 6 : 1)))
    expect(dropsOf(twenty(1), [twenty(0)]).map(({ measure }) => measure)).toEqual([])
    expect(dropsOf(twenty(2), [twenty(0)])).toContainEqual({ measure: "recallAt5", from: 1, to: 0.9 })
  })

  test("only queries that both runs asked are compared", () => {
    expect(dropsOf(ran([1, 1, 1, 1, null, null, null]), [good])).toEqual([])
    // The one that fails is asked in both, whatever else was added.
    expect(dropsOf(ran([1, 1, 1, null, 1, 1, 1, 1, 1]), [good])).toContainEqual({
      measure: "recallAt10",
      from: 1,
      to: 0.75,
    })
  })

  test("summaries fall by their own measures, and a measure that there is no more is no fall", () => {
    const before = ran([1], { summaryCoverage: 0.9, faithfulness: 0.98 })
    expect(dropsOf(ran([1], { summaryCoverage: 0.82, faithfulness: 0.9 }), [before])).toEqual([
      { measure: "faithfulness", from: 0.98, to: 0.9 },
    ])
    expect(dropsOf(ran([1]), [before])).toEqual([])
  })
})
