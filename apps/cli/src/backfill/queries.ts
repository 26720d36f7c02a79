import { cutText } from "@engram/contracts/cut-text"
import { queryCharsMax } from "@engram/contracts/memories"
import { type RareWords, wordsOf } from "./rare-words.ts"

const stretchCharsMax = 400

export interface Query {
  readonly text: string
  /** Whether the contract promises that it matches, so that an answer with room left, and without the memory, says that it is not there. */
  readonly matches: boolean
}

/**
 * Questions that a plugin which has this text should answer with it among the best hundred, the likeliest first. The contract does
 * not say which of the memories that match come first; many a plugin has the one that says just the same there, and some find it by
 * all its words. But full text has its own ideas: a minus before a word or a quote is an operator in many languages, an address
 * may be one word, and a text of stop words alone has no words at all. So the words that the fewest texts of the namespace have are
 * questions, and so are each stretch of a long text and its words with digits. The contract promises that a query of one
 * character matches as a substring, so the last questions are characters.
 */
export function queriesFor(content: string, rareWords: RareWords): Query[] {
  const plain = content
    .normalize("NFC")
    .replace(/(^|\s)-+/g, "$1")
    .replace(/["|&!<>()]/g, " ")
  const words = plain.split(/[^\p{L}\p{N}]+/u).filter(Boolean)
  const clean = plain.split(/\s+/).filter((word) => /^\p{L}{3,}[.,;:]?$/u.test(word))
  const longest = [...new Set(clean)].sort((a, b) => b.length - a.length).slice(0, 6)
  const rare = rareWords.of(content, 6)
  const whole = cutText(content, queryCharsMax).trim()
  const [first = "", ...rest] = stretchesOf(plain)
  const candidates = [
    first,
    whole,
    cutText(rare.join(" "), stretchCharsMax),
    ...rare.slice(0, 3).filter((word) => word.length <= stretchCharsMax),
    stretchesOf(words.join(" "))[0] ?? "",
    longest.join(" "),
    longest[0] ?? "",
    ...stretchesOf([...new Set(words.filter((word) => /\p{N}/u.test(word)))].join(" ")),
    ...rest.reverse(),
    ...rareCharacters(content),
  ]
  const questions = [...new Set(candidates.map((query) => query.trim()))].filter((query) => query !== "")
  const own = wordsOf(content)
  // Alone the whole text may hold operators.
  const matches = (text: string): boolean =>
    isOneCharacter(text) || (isOf(own, text) && (text !== whole || text === first))
  return questions.map((text) => ({ text, matches: matches(text) }))
}

const isOneCharacter = (text: string): boolean => [...text].length === 1

/** Whether it has words, and each is a whole one of these. */
function isOf(own: ReadonlySet<string>, text: string): boolean {
  const words = [...wordsOf(text)]
  return words.length > 0 && words.every((word) => own.has(word))
}

/** The text on one line, in pieces of `stretchCharsMax` at most. Cut at a space where there is one, so that words stay whole. */
function stretchesOf(text: string): string[] {
  const stretches: string[] = []
  let rest = text.replace(/\s+/g, " ").trim()
  while (rest.length > stretchCharsMax) {
    const cut = cutText(rest, stretchCharsMax)
    const whole = cut.includes(" ") ? cut.slice(0, cut.lastIndexOf(" ")) : cut
    stretches.push(whole)
    rest = rest.slice(whole.length).trimStart()
  }
  return [...stretches, rest]
}

/** The characters that few other texts are likely to hold: the rarest in English last in this list. */
function rareCharacters(content: string): string[] {
  const common = " etaoinshrdlcumwfgypbvkjxqz"
  const rank = (character: string): number => {
    const at = common.indexOf(character.toLowerCase())
    return at < 0 ? common.length : at
  }
  return [...new Set(content)]
    .filter((character) => character.trim() !== "")
    .sort((a, b) => rank(b) - rank(a))
    .slice(0, 3)
}
