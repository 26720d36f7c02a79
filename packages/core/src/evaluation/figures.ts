import type { Drop, EvaluationRun, Figures, Measure, QueryResult } from "@engram/contracts/evaluation"
import { measures } from "@engram/contracts/evaluation"

/** Ranks beyond this are not told apart: what is not among ten hits was not found. */
export const ranksMax = 10

/** How far a measure may fall before it counts as a drop. Coverage moves with what came in since the last night, so it may more. */
export const dropsMax: { readonly [measure in Measure]: number } = {
  recallAt5: 0.05,
  recallAt10: 0.05,
  mrr: 0.05,
  summaryCoverage: 0.1,
  faithfulness: 0.05,
}

/** So many runs before this one say what is usual. */
export const runsCompared = 5

type Answers = Pick<Figures, "recallAt5" | "recallAt10" | "mrr">

/** Recall counts queries whose document is among the first 5, or 10, hits; MRR is the mean of 1 / rank, 0 where it is not found. */
export function answersOf(results: readonly QueryResult[]): Answers {
  if (results.length === 0) return { recallAt5: null, recallAt10: null, mrr: null }
  const ranks = results.map(({ rank }) => rank ?? Number.POSITIVE_INFINITY)
  const mean = (score: (rank: number) => number): number =>
    ranks.reduce((sum, rank) => sum + score(rank), 0) / ranks.length
  return {
    recallAt5: mean((rank) => (rank <= 5 ? 1 : 0)),
    recallAt10: mean((rank) => (rank <= ranksMax ? 1 : 0)),
    mrr: mean((rank) => 1 / rank),
  }
}

type Measured = Pick<EvaluationRun, "results" | "figures">

/**
 * Measures that fell by more than `dropsMax` against the median of the runs before, the newest `runsCompared` of `before`. With
 * each of them only the queries that both asked are compared, so that adding a hard query is no drop, and removing one no rise.
 */
export function dropsOf(run: Measured, before: readonly Measured[]): Drop[] {
  return measures.flatMap((measure) => {
    const changes = before
      .slice(0, runsCompared)
      .flatMap((earlier) => change(measure, run, earlier) ?? [])
      .sort((a, b) => a.to - a.from - (b.to - b.from))
    const middle = changes[Math.floor(changes.length / 2)]
    // Compared with room for rounding: 0.95 - 0.9 is a little more than 0.05.
    return middle && middle.from - middle.to > dropsMax[measure] + 1e-9 ? [{ measure, ...middle }] : []
  })
}

/** Of one measure, between two runs, on what both measured; undefined where there is nothing. */
export function change(
  measure: Measure,
  run: Measured,
  earlier: Measured,
): { readonly from: number; readonly to: number } | undefined {
  const [to, from] = isAnswer(measure) ? answersInCommon(measure, run, earlier) : [run, earlier].map(figure(measure))
  return to == null || from == null ? undefined : { from, to }
}

const figure =
  (measure: Measure) =>
  ({ figures }: Measured): number | null =>
    figures[measure]

const isAnswer = (measure: Measure): measure is keyof Answers => ["recallAt5", "recallAt10", "mrr"].includes(measure)

function answersInCommon(measure: keyof Answers, a: Measured, b: Measured): (number | null)[] {
  const asked = ({ results }: Measured) => new Set(results.map(({ queryId }) => queryId))
  const [inA, inB] = [asked(a), asked(b)]
  return [
    answersOf(a.results.filter(({ queryId }) => inB.has(queryId)))[measure],
    answersOf(b.results.filter(({ queryId }) => inA.has(queryId)))[measure],
  ]
}
