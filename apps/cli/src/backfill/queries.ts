import { cutText } from "@engram/contracts/cut-text"

const queryCharsMax = 400

/**
 * Questions that a plugin which has this text should answer with it among the best hundred, the likeliest first. The text itself
 * is the best one, but full text has its own ideas: a minus before a word or a quote is an operator in many languages, an address
 * may be one word, and a text of stop words alone has no words at all. Long texts may differ in one word only, so each stretch of
 * one is a question, and so are its words with digits. The contract promises that a query of one character matches as a
 * substring, so the last questions are characters.
 */
export function queriesFor(content: string): string[] {
  const plain = content
    .normalize("NFC")
    .replace(/(^|\s)-+/g, "$1")
    .replace(/["|&!<>()]/g, " ")
  const words = plain.split(/[^\p{L}\p{N}]+/u).filter(Boolean)
  const clean = plain.split(/\s+/).filter((word) => /^\p{L}{3,}[.,;:]?$/u.test(word))
  const longest = [...new Set(clean)].sort((a, b) => b.length - a.length).slice(0, 6)
  const [first = "", ...rest] = stretchesOf(plain)
  const candidates = [
    first,
    stretchesOf(words.join(" "))[0] ?? "",
    longest.join(" "),
    longest[0] ?? "",
    ...stretchesOf([...new Set(words.filter((word) => /\p{N}/u.test(word)))].join(" ")),
    ...rest.reverse(),
    ...rareCharacters(content),
  ]
  return [...new Set(candidates.map((query) => query.trim()))].filter((query) => query !== "")
}

/** The text on one line, in pieces of `queryCharsMax` at most. Cut at a space where there is one, so that words stay whole. */
function stretchesOf(text: string): string[] {
  const stretches: string[] = []
  let rest = text.replace(/\s+/g, " ").trim()
  while (rest.length > queryCharsMax) {
    const cut = cutText(rest, queryCharsMax)
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
