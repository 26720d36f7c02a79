import type { SummarySentence } from "@engram/contracts/consolidation"
import type { ObservationId } from "@engram/contracts/ids"
import { summaryLimits } from "./summary-limits.ts"
import { wordKey } from "./words.ts"

const { sentencesMin, sentencesMax, charsMax } = summaryLimits
/** White space other than a single space between words shows what was never folded; the rest prints badly or turns the text round. */
const unprintable = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u

/** How a summary is shown and stored. */
export function summaryText(sentences: readonly SummarySentence[]): string {
  return sentences.map(({ text }) => text).join(" ")
}

/**
 * What is wrong with a summary, in words; undefined when every rule holds: 3 to 7 different sentences, 1,200 characters, and each sentence
 * rests on evidence there is. A rule about what the words mean is not checked: no such check is certain.
 */
export function summaryFault(
  { sentences }: { readonly sentences: readonly SummarySentence[] },
  evidenceIds: ReadonlySet<ObservationId>,
): string | undefined {
  const count = sentences.length
  if (count < sentencesMin) return `it has ${count} sentences, fewer than ${sentencesMin}`
  if (count > sentencesMax) return `it has ${count} sentences, more than ${sentencesMax}`
  const { length } = summaryText(sentences)
  if (length > charsMax) return `it has ${length} characters, more than ${charsMax}`

  const said = new Map<string, number>()
  for (const [at, sentence] of sentences.entries()) {
    const fault = textFault(sentence.text) ?? citationFault(sentence.cites, evidenceIds)
    if (fault) return `sentence ${at + 1} ${fault}`
    const key = wordKey(sentence.text)
    const first = said.get(key)
    if (first !== undefined) return `sentence ${at + 1} says what sentence ${first} says`
    said.set(key, at + 1)
  }
  return undefined
}

function textFault(text: string): string | undefined {
  if (text.trim() === "") return "is empty"
  if (unprintable.test(text)) return "holds line breaks or control characters"
  if (!text.isWellFormed()) return "holds half a surrogate pair"
  if (text !== text.trim()) return "begins or ends with white space"
  return wordKey(text) === "" ? "holds no word" : undefined
}

function citationFault(cites: readonly ObservationId[], evidenceIds: ReadonlySet<ObservationId>): string | undefined {
  if (cites.length === 0) return "cites nothing"
  const unknown = cites.find((id) => !evidenceIds.has(id))
  if (unknown !== undefined) return `cites ${JSON.stringify(unknown.slice(0, 60))}, which is not among the evidence`
  return new Set(cites).size < cites.length ? "cites an observation twice" : undefined
}
