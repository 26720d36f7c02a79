import type { CitedObservation, SummaryToCheck } from "@engram/contracts/evaluation"

/** A sentence is borne out when at least this share of its content words stands in what it cites. */
export const containedMin = 0.5

/** English words that say nothing of what happened. */
const functionWords = new Set(
  `a about after all also an and any are as at be been before being between both but by can could did do does for from had has have
   he her his how if in into is it its more most no not now of on one only or other our out over she so some such than that the
   their them then there these they this those through to two under up was we were what when where which while who will with would
   you your`.split(/\s+/),
)

/**
 * Whether a sentence is borne out by what it cites: it cites something, all of it is among `evidence` (which holds what is live,
 * and readable by all who may read the summary), at least half of its content words stand there or in the summary's title, and
 * every number in it stands there too, or is part of a date of the evidence, or is how many things are cited.
 *
 * What this cannot see: a "not" too many, two names in the wrong order, a true statement in other words than the source's.
 */
export function isFaithful(
  { text, cites }: SummaryToCheck["sentences"][number],
  { title, evidence }: { readonly title: string; readonly evidence: readonly CitedObservation[] },
): boolean {
  const cited = evidence.filter(({ id }) => cites.includes(id))
  if (cites.length === 0 || cited.length < new Set(cites).size) return false
  const source = cited.map((each) => `${each.title ?? ""} ${each.text}`).join(" ")

  const numbers = new Set([
    ...numbersIn(`${source} ${title}`),
    ...cited.flatMap(({ occurredAt }) => numbersIn(occurredAt.toISOString().slice(0, 10))),
    String(cited.length),
  ])
  if (!numbersIn(text).every((number) => numbers.has(number))) return false

  // Of whom and when it is, the title says; neither speaks for the sentence nor against it.
  const known = new Set(wordsIn(title))
  const words = wordsIn(text).filter((word) => !known.has(word))
  const said = new Set(wordsIn(source))
  const contained = words.filter((word) => said.has(word)).length
  return words.length === 0 ? numbersIn(text).length > 0 : contained / words.length >= containedMin
}

/** Content words, folded so that `fixes`, `fixed` and `fixing` are one. */
function wordsIn(text: string): string[] {
  const words =
    text
      .normalize("NFKD")
      .toLowerCase()
      .replace(/\p{M}/gu, "")
      .match(/\p{L}+/gu) ?? []
  return words.filter((word) => word.length > 1 && !functionWords.has(word)).map(folded)
}

const folded = (word: string): string => {
  const stem = word.replace(/(?:ing|ied|ies|ed|es|s|e)$/, "")
  return stem.length >= 3 ? stem : word
}

/** Digits as they stand, without leading zeros: `007` and `7` are one. */
const numbersIn = (text: string): string[] =>
  (text.match(/\d+/g) ?? []).map((digits) => digits.replace(/^0+(?=\d)/, ""))
