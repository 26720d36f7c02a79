import type { Descriptor } from "@engram/contracts/consolidation"
import { eng, removeStopwords } from "stopword"
import { compareText } from "../compare-text.ts"

/** Descriptors of a profile. */
const descriptorsMax = 8
/** A phrase said once says nothing of whom it was said. */
const saidMin = 2

/** In how many texts each word and phrase comes. */
export interface Background {
  readonly texts: number
  readonly counts: ReadonlyMap<string, number>
}

const segmenter = new Intl.Segmenter("en", { granularity: "word" })

/**
 * The words of a text and its phrases of two words that stand together, each once. Words of two letters and less, numbers and what
 * every English text has are none, and no phrase reaches across one, or across punctuation.
 */
export function termsOf(text: string): Set<string> {
  const terms = new Set<string>()
  let before: string | undefined
  for (const { segment, isWordLike } of segmenter.segment(text)) {
    if (!isWordLike) {
      if (segment.trim() !== "") before = undefined
      continue
    }
    const word = segment.toLowerCase()
    if (!isTelling(word)) {
      before = undefined
      continue
    }
    terms.add(word)
    if (before !== undefined && before !== word) terms.add(`${before} ${word}`)
    before = word
  }
  return terms
}

const telling = new Map<string, boolean>()

function isTelling(word: string): boolean {
  const known = telling.get(word)
  if (known !== undefined) return known
  const is = /^\p{L}[\p{L}\p{N}'’_-]{2,39}$/u.test(word) && removeStopwords([word], eng).length > 0
  if (telling.size > 50_000) telling.clear()
  telling.set(word, is)
  return is
}

export function background(texts: readonly string[]): Background {
  return { texts: texts.length, counts: countTerms(texts.map(termsOf)) }
}

function countTerms(texts: readonly ReadonlySet<string>[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const terms of texts) for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1)
  return counts
}

/**
 * What sets an entity's texts apart from the background: by share of its texts times the inverse document frequency, as TF-IDF has
 * it (Spärck Jones, 1972). A word that a chosen phrase holds is not said again.
 */
export function describe(texts: readonly ReadonlySet<string>[], { texts: all, counts }: Background): Descriptor[] {
  const scored = [...countTerms(texts)]
    .filter(([, said]) => said >= saidMin)
    .map(([phrase, said]) => ({
      phrase,
      score: (said / texts.length) * Math.log((all + 1) / ((counts.get(phrase) ?? 0) + 1)),
    }))
    .filter(({ score }) => score > 0)
    // A phrase tells more than each of its words.
    .map(({ phrase, score }) => ({ phrase, score: phrase.includes(" ") ? score * 1.5 : score }))
    .sort((a, b) => b.score - a.score || compareText(a.phrase, b.phrase))
  const chosen: { phrase: string; score: number }[] = []
  const said = new Set<string>()
  for (const each of scored) {
    if (chosen.length === descriptorsMax) break
    const words = each.phrase.split(" ")
    if (words.some((word) => said.has(word))) continue
    for (const word of words) said.add(word)
    chosen.push(each)
  }
  const strongest = chosen[0]?.score ?? 1
  return chosen.map(({ phrase, score }) => ({ phrase, weight: Math.round((score / strongest) * 1_000) / 1_000 }))
}
