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
 * The words of a text and its phrases of two words that stand together, each once; `post-mortem` is a word. Words of two letters and
 * less, numbers in digits or words and what every English text has are none, nor is any piece of an id, address or path; no phrase
 * reaches across one, or across punctuation.
 */
export function termsOf(text: string): Set<string> {
  const terms = new Set<string>()
  let before: string | undefined
  for (const { segment, isWordLike } of segmenter.segment(withoutIds(text).replace(hyphen, tie))) {
    if (!isWordLike && segment.trim() === "") continue
    const word = segment.replaceAll(tie, "-").toLowerCase()
    if (!isWordLike || !isTelling(word)) {
      before = undefined
      continue
    }
    terms.add(word)
    if (before !== undefined && before !== word) terms.add(`${before} ${word}`)
    before = word
  }
  return terms
}

const hyphen = /(?<=\p{L})-(?=\p{L})/gu
/** Unicode's segmentation keeps words together that it joins, and parts them at hyphens. */
const tie = "\u203f"

/** What markup says to machines: comments, tags, and the target of a link. */
const markup = /<!--[\s\S]*?-->|<\/?[a-z][^<>]{0,500}>|\]\([^()\s]{1,2000}\)/gi
/** What could be an id, an address or a path; scripts other than Latin have no spaces, so only what ids are made of. */
const run = /[A-Za-z0-9_@#/\\.:~%&=+$-]{2,}/g
const edge = /^[@#.:~/\\=&+$%-]+|[.:~/\\=&+$%#@-]+$/g

/** Each id, address and path is a full stop: `GHSA-qqgx-2p2h-9c37` says nothing, and `qqgx` even less. */
function withoutIds(text: string): string {
  return text.replace(markup, " . ").replace(run, (found) => (isId(found.replace(edge, "")) ? " . " : found))
}

/** A word may have digits as `oauth2`, `s3`, `k8s` and `sha256` do; an id has several groups of them, joins them to others, or shouts. */
function isId(run: string): boolean {
  if (/[@#/\\:~%&=+$]/.test(run)) return true
  if (!/\d/.test(run)) return false
  const isWord = /^[A-Za-z]+\d{1,3}[A-Za-z]*$/.test(run)
  return !isWord || /^[A-Z0-9]{8,}$/.test(run) || /^[0-9a-f]{7,}$/i.test(run)
}

const telling = new Map<string, boolean>()
/** Not in the library's list, and as little said by them. */
const empty: ReadonlySet<string> = new Set(
  `its ours yours theirs myself itself yourself themselves not nor why whose whom will would shall per via upon within without again once
   yet else ever even just own few none let lets don't doesn't didn't isn't aren't wasn't won't can't it's that's there's i'm i've we've
   we're you're they're let's one two three four five six seven eight nine ten eleven twelve twenty hundred thousand million`.split(
    /\s+/,
  ),
)

function isTelling(word: string): boolean {
  const known = telling.get(word)
  if (known !== undefined) return known
  const plain = word.replaceAll("’", "'")
  const is =
    /^\p{L}[\p{L}\p{M}\p{N}'_-]{2,39}$/u.test(plain) && !empty.has(plain) && removeStopwords([plain], eng).length > 0
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
