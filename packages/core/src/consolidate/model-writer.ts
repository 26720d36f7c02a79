import type { CitedAnswer, CitingModel } from "@engram/contracts/cited-answers"
import type { SummarySentence, SummaryWriter } from "@engram/contracts/consolidation"
import { Rejected } from "@engram/contracts/errors"
import type { ObservationId } from "@engram/contracts/ids"
import { compareText } from "../compare-text.ts"
import { summaryFault } from "./check-summary.ts"
import { splitSentences } from "./sentences.ts"
import { summaryLimits } from "./summary-limits.ts"
import { summaryQuestion } from "./summary-question.ts"
import { wordKey } from "./words.ts"

/** Changes with the question and with how answers are read: what an older version wrote is then out of date. */
const version = 1
/** Longer than any answer that could be right: not worth taking apart. */
const answerCharsMax = 4_000

/**
 * Asks a model that cites. Its answer is taken for what it is, somebody's text: `Rejected("summary_refused")` says which rule it broke.
 * What the model says of itself, or what a document told it, counts for nothing.
 */
export function createModelWriter(model: CitingModel): SummaryWriter {
  const name = `${model.name}:${version}`
  return {
    name,
    async write(subject, evidence, onSpent) {
      const question = summaryQuestion(subject, evidence)
      const texts = question.documents.map(({ fields }) => wordKey(fields.text ?? ""))
      if (new Set(texts).size < summaryLimits.sentencesMin) return undefined
      const sentences = sentencesOf(await model.answer(question, onSpent))
      const shown = new Set(question.documents.map(({ id }) => id as ObservationId))
      const fault = summaryFault({ sentences }, shown)
      if (fault) throw new Rejected("summary_refused", `${model.name}'s summary was refused: ${fault}`)
      return { sentences, writer: name }
    },
  }
}

/** Each sentence with what is cited anywhere in it. Nothing is repaired: what is not cited stays so, and is found by the check. */
function sentencesOf({ text, citations }: CitedAnswer): SummarySentence[] {
  if (text.length > answerCharsMax) {
    throw new Rejected(
      "summary_refused",
      `the answer has ${text.length} characters, a summary at most ${summaryLimits.charsMax}`,
    )
  }
  return splitSentences(text).map((sentence) => {
    const cites = new Set<ObservationId>()
    for (const { from, to, ids } of citations) {
      if (from < sentence.to && to > sentence.from) for (const id of ids) cites.add(id as ObservationId)
    }
    return { text: withoutBullet(sentence.text), cites: [...cites].sort(compareText) }
  })
}

/** Models like to number what was asked for as lines. */
const withoutBullet = (line: string): string => line.replace(/^(?:[-*•–]|\(?\d{1,2}[.)])\s+/, "")
