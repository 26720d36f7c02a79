import type { Evidence, SummarySentence, SummaryWriter } from "@engram/contracts/consolidation"
import type { ObservationId } from "@engram/contracts/ids"
import { compareText } from "../compare-text.ts"
import { inOrder } from "./in-order.ts"
import { plainText } from "./plain-text.ts"
import { centralities, likeness, unit, type Weighed } from "./relevance.ts"
import { firstSentences } from "./sentences.ts"
import { summaryLimits } from "./summary-limits.ts"
import { wordsOf } from "./words.ts"

const { sentencesMin, sentencesMax, charsMax } = summaryLimits
/** What a first sentence is looked for in: an observation begins with what happened. The time of a night goes into reading these. */
const readMax = 800
/** Three of these and the spaces between them fit every summary; four nearly fill one. */
const sentenceCharsMax = 280
/** A sentence shorter than this is joined by the next one: `Fixed.` says little by itself. */
const sentenceCharsEnough = 40
/** What nearness to the middle counts against importance, and both against saying something else than the sentences chosen before. */
const centralityShare = 0.6
const relevanceShare = 0.7

/** One sentence that could be said, and all that it rests on. */
interface Candidate extends Weighed {
  readonly text: string
  /** Place in time of the first observation that says it. */
  readonly at: number
  readonly cites: readonly ObservationId[]
}

/**
 * Says the most telling sentences of the evidence in order of time, each with what it rests on: near the middle of all, important, and
 * unlike each other (maximal marginal relevance: Carbonell and Goldstein, SIGIR 1998). Takes no part of a text for an instruction, asks
 * nobody and never fails.
 */
export const extractiveWriter: SummaryWriter = {
  name: "extract:1",
  async write(_subject, evidence) {
    const sentences = extract(evidence)
    return sentences && { sentences, writer: "extract:1" }
  },
}

/** The sentences of such a summary; undefined for fewer than three different ones. The same evidence in any order gives the same. Time linear in it. */
export function extract(evidence: readonly Evidence[]): SummarySentence[] | undefined {
  const candidates = candidatesOf(inOrder(evidence))
  if (candidates.length < sentencesMin) return undefined
  const chosen = choose(candidates)
  if (chosen.length < sentencesMin) return undefined
  return chosen.sort((a, b) => a.at - b.at).map(({ text, cites }) => ({ text, cites: [...cites].sort(compareText) }))
}

/** One for each different sentence, in order of time, as important as the most important observation that says it. */
function candidatesOf(ordered: readonly Evidence[]): Candidate[] {
  const byKey = new Map<string, Candidate>()
  for (const [at, { id, values, importance, ...each }] of ordered.entries()) {
    const text = sentenceOf(each)
    const words = wordsOf(text)
    if (words.length === 0) continue
    const key = words.join(" ")
    const known = byKey.get(key)
    byKey.set(key, {
      text: known?.text ?? text,
      at: known?.at ?? at,
      words: known?.words ?? new Set(words),
      values: known?.values ?? unit(values),
      importance: Math.max(known?.importance ?? 0, Number.isFinite(importance) ? importance : 0),
      cites: [...(known?.cites ?? []), id],
    })
  }
  return [...byKey.values()]
}

function sentenceOf({ text, title }: Pick<Evidence, "text" | "title">): string {
  const limits = { charsEnough: sentenceCharsEnough, charsMax: sentenceCharsMax }
  return firstSentences(plainText(text, readMax), limits) || firstSentences(plainText(title ?? "", readMax), limits)
}

/** Half of what there is to say, 3 to 7 sentences, as far as the space reaches. */
function choose(candidates: readonly Candidate[]): Candidate[] {
  const wanted = Math.min(sentencesMax, Math.max(sentencesMin, Math.ceil(candidates.length / 2)))
  const central = centralities(candidates)
  let open = candidates.map((candidate, i) => ({
    candidate,
    relevance: centralityShare * central[i]! + (1 - centralityShare) * candidate.importance,
    nearest: 0,
  }))
  const chosen: Candidate[] = []
  let chars = 0
  while (chosen.length < wanted && open.length > 0) {
    const best = open.reduce((a, b) => (score(b) > score(a) ? b : a))
    const next = best.candidate
    if (chars + next.text.length > charsMax) break
    chosen.push(next)
    chars += next.text.length + 1
    open = open
      .filter((other) => other !== best)
      .map((other) => ({ ...other, nearest: Math.max(other.nearest, likeness(other.candidate, next)) }))
  }
  return chosen
}

const score = ({ relevance, nearest }: { readonly relevance: number; readonly nearest: number }): number =>
  relevanceShare * relevance - (1 - relevanceShare) * nearest
