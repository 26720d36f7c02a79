import type { EvaluationRun, QueryResult } from "@engram/contracts/evaluation"

/** All that leaves for Braintrust: ids and figures. No query, no title, no text, no name, of whatever scope. */

interface Row {
  readonly id: string
  readonly input: { readonly queryId: string } | { readonly summariesOf: string }
  readonly output: { readonly [figure: string]: number | null }
  readonly scores: { readonly [name: string]: number }
}

/** One query of a run. The same input in every run, by which Braintrust lines runs up. */
export function caseOf(run: Pick<EvaluationRun, "id">, { queryId, rank }: QueryResult): Row {
  const within = (k: number): number => (rank !== null && rank <= k ? 1 : 0)
  return {
    id: `${run.id}-${queryId}`,
    input: { queryId },
    output: { rank },
    scores: { recall_at_5: within(5), recall_at_10: within(10), reciprocal_rank: rank === null ? 0 : 1 / rank },
  }
}

/** What the summaries came to; none where there are no summaries. */
export function summaryOf({ id, storeId, figures, coverage, sentences }: EvaluationRun): Row[] {
  const { summaryCoverage, faithfulness } = figures
  if (summaryCoverage === null && faithfulness === null) return []
  return [
    {
      id: `${id}-summaries`,
      input: { summariesOf: storeId },
      output: {
        observations: coverage.hot.live + coverage.old.live,
        covered: coverage.hot.covered + coverage.old.covered,
        sentences: sentences.checked,
        faithful: sentences.faithful,
      },
      scores: {
        ...(summaryCoverage !== null && { summary_coverage: summaryCoverage }),
        ...(faithfulness !== null && { faithfulness }),
      },
    },
  ]
}
