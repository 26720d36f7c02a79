import { headingOf, isListItem, visibleLines } from "./passages.ts"

/** Most passages taken from one text. */
const passagesMax = 50
const emoji = /^(?::[a-z0-9_+'-]{1,60}:[ \t]*|\p{Extended_Pictographic}\ufe0f?[ \t]*)+/iu

/** Words that say, before a colon or as a heading, what a passage is. */
export interface Labels {
  readonly anywhere: RegExp
  readonly label: RegExp
  readonly heading: RegExp
}

/** `words` is the inside of a group: `decision|resolution`. */
export const labels = (words: string): Labels => ({
  anywhere: new RegExp(words, "i"),
  label: new RegExp(`^(?:\\*\\*|__)?(${words})(?:\\*\\*|__)?[ \\t]*[:：][ \\t]*(?:\\*\\*|__)?[ \\t]*`, "i"),
  heading: new RegExp(`^(${words})$`, "i"),
})

/** A passage and the word before it, in lower case. */
export interface LabelledPassage {
  readonly word: string
  readonly text: string
}

const decided = labels("decision|resolution")

/**
 * What a text decides: lines that begin with `Decision:` or `Resolution:`, also bold, in a list or as a heading, with the
 * lines that continue them. Quoted and coded lines are somebody else's words and do not count.
 */
export const decisions = (markdown: string): string[] => [
  ...new Set(labelledPassages(markdown, decided).map(({ text }) => text)),
]

/** Passages that begin with one of the words and a colon, as `decisions` reads them; an emoji may stand before. */
export function labelledPassages(markdown: string, words: Labels): LabelledPassage[] {
  if (!words.anywhere.test(markdown)) return []
  const lines = visibleLines(markdown)
  const found: LabelledPassage[] = []
  for (const [at, { text, seen }] of lines.entries()) {
    if (found.length === passagesMax) break
    const said = saidOn(text, seen, words)
    if (said === undefined) continue
    const passage = [said.text, ...continuation(lines, at + 1, said.text === "", words)].join("\n").trim()
    if (passage !== "") found.push({ word: said.word, text: passage })
  }
  return found
}

/** What follows the label on its own line: `""` when the passage stands below, undefined when there is no label. */
function saidOn(text: string, seen: string, { label, heading }: Labels): LabelledPassage | undefined {
  const headed = heading.exec(headingOf(seen) ?? "")?.[1]
  if (headed !== undefined) return { word: headed.toLowerCase(), text: "" }
  const word = label.exec(bare(seen))?.[1]
  if (word === undefined) return undefined
  return {
    word: word.toLowerCase(),
    text: bare(text)
      .replace(label, "")
      .replace(/^[*_]+$/, ""),
  }
}

const bare = (line: string) =>
  line
    .trim()
    .replace(/^#{1,6}[ \t]+/, "")
    .replace(/^(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?/, "")
    .replace(emoji, "")

/** The rest of the paragraph; below a bare label, the first paragraph or list. */
function continuation(
  lines: readonly { readonly text: string; readonly seen: string }[],
  from: number,
  below: boolean,
  words: Labels,
): string[] {
  const taken: string[] = []
  for (const { text, seen } of lines.slice(from, from + 40)) {
    if (seen === "" && below && taken.length === 0) continue
    if (seen === "" || seen.startsWith(">") || headingOf(seen) !== undefined) break
    if (saidOn(text, seen, words) !== undefined || (!below && isListItem(seen))) break
    taken.push(text)
  }
  return taken
}
