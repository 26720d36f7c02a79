import type { AliasRef, RelationshipType } from "@engram/contracts/graph"

/** Characters before a reference that are looked at for what is said of it. */
export const phraseMaxChars = 48

const after = "(?:[ \\t]*:[ \\t]*|[ \\t]+)$"
const phrase = (words: string) => new RegExp(`(?<![\\w-])(?:${words})${after}`, "i")

/** What stands right before a reference and says more than that it is one. */
const phrases: readonly (readonly [RelationshipType, RegExp])[] = [
  ["RESOLVES", phrase("close[sd]?|fix(?:e[sd])?|resolve[sd]?")],
  ["DUPLICATES", phrase("duplicates|(?:duplicate|dupe?)[ \\t]+of")],
  ["BLOCKED_BY", phrase("blocked[ \\t]+(?:by|on)|depends[ \\t]+on")],
  ["IMPLEMENTS", phrase("implement(?:s|ed|ing)?")],
  ["PART_OF", phrase("part[ \\t]+of")],
  ["RELATES_TO", phrase("relate[sd]?[ \\t]+to")],
]
/** Linear closes on more words than GitHub does (linear.app/docs/github). */
const closesInLinear = phrase(
  "clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|complet(?:e[sd]?|ing)|linear issue",
)
const negation =
  /(?:\bnot|n['’]t|\bnever|\bwithout|\bcannot|\bno longer)(?:[ \t]+(?:yet|really|fully|be|been|a))?[ \t]+$/i
/** `build #45` counts builds. */
const counted =
  /\b(?:build|job|run|step|attempt|option|round|phase|line|page|figure|item|part|point|rule|question|colou?r|player|number|rank)s?(?:[ \t]+(?:is|was|of))?:?[ \t]*$/i
const hashWords =
  /(?<![\w-])(?:commit|revision|sha|reverts?|reverted|cherry[- ]picked from|introduced in|regression from|deployed|merged as)(?: commit)?:?[ \t]+\(?$/i

/** What the words right before a reference say of it; a negated phrase only refers. */
export function saidOf(to: AliasRef, before: string): RelationshipType {
  const linear = to.type.startsWith("linear:") ? closesInLinear.exec(before) : null
  if (linear) return negation.test(before.slice(0, linear.index)) ? "REFERENCES" : "RESOLVES"
  for (const [type, pattern] of phrases) {
    const match = pattern.exec(before)
    if (match) return negation.test(before.slice(0, match.index)) ? "REFERENCES" : type
  }
  return "REFERENCES"
}

/** The number that follows counts something. */
export const isCounted = (before: string) => counted.test(before)

/** The hexadecimal digits that follow are said to be a commit. */
export const namesCommit = (before: string) => hashWords.test(before)

/** Words between two references that carry what was said of the first over to the second. */
export const isConjunction = (between: string) => /^[ \t]*(?:,|&|,?[ \t]*and)[ \t]*$/i.test(between)
