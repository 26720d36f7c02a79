import type {
  Covered,
  EvaluationLedger,
  EvaluationRun,
  Figures,
  ListedQuery,
  QueryResult,
} from "@engram/contracts/evaluation"
import type { EvalRunId, StoreId } from "@engram/contracts/ids"
import type { Embedder } from "@engram/contracts/ports"
import type { SearchRequest } from "@engram/contracts/search"
import { isFaithful } from "@engram/core/evaluation/faithful"
import { answersOf, dropsOf, ranksMax, runsCompared } from "@engram/core/evaluation/figures"
import { type SearchDeps, search } from "../search.ts"

/** Observations stay hot so long; older ones are for summaries to keep. */
const hotMs = 90 * 86_400_000
/** Summaries whose sentences are looked at: enough for a share to within two hundredths, few enough for any store. */
const summariesMax = 500

export interface EvaluateDeps extends SearchDeps {
  readonly ledger: EvaluationLedger
}

type Place = { readonly workspaceId: string; readonly storeId: StoreId }

/**
 * The local harness: asks the store its canonical queries, as the operator who may read everything, looks at its summaries, and
 * records what it found. undefined, and nothing recorded, where there is neither a query whose document is there nor a summary. An outage of the
 * embedder or the index is an error, never a bad figure.
 */
export const evaluate =
  (deps: EvaluateDeps) =>
  async (
    place: Place,
    start: { readonly id: EvalRunId; readonly startedBy: EvaluationRun["startedBy"]; readonly now: number },
  ): Promise<EvaluationRun | undefined> => {
    const began = performance.now()
    const listed = await deps.ledger.queries(place)
    const summaries = await deps.ledger.summaries(place, summariesMax)
    const asked = listed.filter(({ live }) => live)
    if (asked.length + summaries.length === 0) return undefined

    const results = await ask(deps, place, asked)
    const coverage = await deps.ledger.coverage(place, new Date(start.now - hotMs))
    const checked = summaries.flatMap((summary) => summary.sentences.map((sentence) => isFaithful(sentence, summary)))
    const faithful = checked.filter(Boolean).length
    const figures: Figures = {
      ...answersOf(results),
      summaryCoverage: summaries.length === 0 ? null : share(coverage.hot, coverage.old),
      faithfulness: checked.length === 0 ? null : faithful / checked.length,
    }
    const before = await deps.ledger.runs(place, runsCompared)
    const run: EvaluationRun = {
      id: start.id,
      storeId: place.storeId,
      startedBy: start.startedBy,
      startedAt: new Date(start.now),
      ms: Math.round(performance.now() - began),
      results,
      skipped: listed.length - asked.length,
      figures,
      coverage,
      sentences: { checked: checked.length, faithful },
      drops: dropsOf({ results, figures }, before),
    }
    await deps.ledger.record(place, run)
    return run
  }

/** One after another, so that evaluating never takes more of the store than one reader does. */
async function ask(deps: EvaluateDeps, place: Place, queries: readonly ListedQuery[]): Promise<QueryResult[]> {
  const reader = { ...place, scopeIds: "all" as const }
  const run = search({ ...deps, embedder: await embeddedBefore(deps.embedder, queries) })
  const results: QueryResult[] = []
  for (const { id, query, documentId } of queries.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const request: SearchRequest = { query, limit: ranksMax }
    const at = (await run(reader, request)).findIndex((hit) => hit.documentId === documentId)
    results.push({ queryId: id, rank: at === -1 ? null : at + 1 })
  }
  return results
}

/** An embedder that has embedded all the questions in full calls, instead of one call each. */
async function embeddedBefore(embedder: Embedder, queries: readonly ListedQuery[]): Promise<Embedder> {
  const texts = [...new Set(queries.map(({ query }) => query))]
  const values = await embedder.embed(texts, "search_query")
  const known = new Map(texts.map((text, at) => [text, values[at]!]))
  return { ...embedder, embed: async (asked) => asked.map((text) => known.get(text)!) }
}

const share = (hot: Covered, old: Covered): number | null =>
  hot.live + old.live === 0 ? null : (hot.covered + old.covered) / (hot.live + old.live)
