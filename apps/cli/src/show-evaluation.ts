import { type Drop, type EvaluationRun, type Measure, measures } from "@engram/contracts/evaluation"
import { change } from "@engram/core/evaluation/figures"
import { table } from "./table.ts"
import type { Terminal } from "./terminal.ts"
import { ago, count } from "./words.ts"

const names: { readonly [measure in Measure]: string } = {
  recallAt5: "recall@5",
  recallAt10: "recall@10",
  mrr: "MRR",
  summaryCoverage: "summary coverage",
  faithfulness: "faithfulness",
}

const figure = (value: number | null): string => (value === null ? "–" : value.toFixed(3))

/** Each figure, what it is of, and how it moved since the last run, on the questions that both asked. */
export function figuresTable(terminal: Terminal, run: EvaluationRun, last: EvaluationRun | undefined): string {
  const rows = measures.map((measure) => [
    names[measure],
    figure(run.figures[measure]),
    changeInWords(measure, run, last),
    ofWhat(measure, run),
  ])
  return table(terminal, ["measure", "now", "change", "of"], rows)
}

function changeInWords(measure: Measure, run: EvaluationRun, last: EvaluationRun | undefined): string {
  const moved = last && change(measure, run, last)
  if (!moved) return ""
  const by = moved.to - moved.from
  return Math.abs(by) < 0.0005 ? "=" : `${by > 0 ? "+" : "-"}${Math.abs(by).toFixed(3)}`
}

function ofWhat(measure: Measure, { results, coverage: { hot, old }, sentences }: EvaluationRun): string {
  if (measure === "summaryCoverage") {
    return `${count(hot.live + old.live, "observation")}: ${hot.covered} of ${hot.live} hot, ${old.covered} of ${old.live} old`
  }
  if (measure === "faithfulness") return count(sentences.checked, "sentence")
  return count(results.length, "question")
}

/** One line a run. */
export function historyTable(terminal: Terminal, runs: readonly EvaluationRun[]): string {
  const rows = runs.map((run) => [
    run.startedAt.toISOString().slice(0, 16).replace("T", " "),
    run.startedBy,
    String(run.results.length),
    ...measures.map((measure) => figure(run.figures[measure])),
    run.drops.map(({ measure }) => `${names[measure]} fell`).join(", "),
  ])
  const columns = ["when (UTC)", "by", "questions", ...measures.map((measure) => names[measure]), ""]
  return table(terminal, columns, rows)
}

export const dropInWords = ({ measure, from, to }: Drop): string =>
  `${names[measure]} fell from ${from.toFixed(3)} to ${to.toFixed(3)}`

/** What `engram status` says of a store: its last figures, and what fell lately. */
export function evaluationInWords({ startedAt, figures }: EvaluationRun): string {
  const known = measures.filter((measure) => figures[measure] !== null)
  return `${known.map((measure) => `${names[measure]} ${figure(figures[measure])}`).join(", ")} (${ago(startedAt)})`
}
