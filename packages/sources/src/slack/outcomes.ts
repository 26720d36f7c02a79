import { type LabelledPassage, labelledPassages, labels } from "../text/decisions.ts"
import type { StatementKind } from "../text/statements.ts"

const kinds: { readonly [word: string]: StatementKind } = {
  decision: "decision",
  decided: "decision",
  outcome: "decision",
  resolved: "resolution",
  resolution: "resolution",
  summary: "summary",
  recap: "summary",
  tldr: "summary",
  "tl;dr": "summary",
  "root cause": "root_cause",
  rca: "root_cause",
}
const words = labels("decision|decided|outcome|resolved|resolution|summary|recap|tl;?dr|root cause|rca")

export interface Outcome {
  readonly kind: StatementKind
  readonly text: string
}

/** What a message says came of its thread: lines that begin with Decision:, Resolved:, Root cause: or Summary:. */
export const outcomes = (markdown: string): Outcome[] => labelledPassages(markdown, words).map(outcomeOf)

const outcomeOf = ({ word, text }: LabelledPassage): Outcome => ({ kind: kinds[word] ?? "summary", text })
