import { headingOf, namedSection, visibleLines } from "../text/passages.ts"

const tldr = /^(?:tl[;,]?dr|summary|in short|in brief)\b[\s:.\u2013\u2014-]*/i
const summaryHeading = /^(?:tl[;,]?dr|summary|executive summary|overview|abstract|in short|in brief)$/i
const decisionHeading = /^(?:decisions?|outcomes?|resolutions?|conclusions?)(?: made| taken)?$/i
/** Sections that say who was there and what comes, and nothing yet. */
const formalHeading =
  /^(?:attendees|participants|present|agenda|contents|table of contents|date|metadata|about this (?:page|document))$/i
const sectionsMax = 20

/** What a page says first: its TL;DR callout, its summary, or its first section. `""` when it has no text. */
export const gist = (markdown: string): string =>
  summaryCallout(markdown) || namedSection(markdown, summaryHeading) || firstSection(markdown)

/** What stands below headings called Decision or Outcome, each to the next heading. */
export function decisionSections(markdown: string): string[] {
  if (!/decision|outcome|resolution|conclusion/i.test(markdown)) return []
  const found: string[] = []
  let current: string[] | undefined
  const end = () => {
    const text = current?.join("\n").trim()
    if (text && found.length < sectionsMax) found.push(text)
    current = undefined
  }
  for (const { text, seen } of visibleLines(markdown)) {
    const heading = headingOf(seen)
    if (heading === undefined) current?.push(text)
    else {
      end()
      if (decisionHeading.test(heading)) current = []
    }
  }
  end()
  return found
}

/** A quote, which is what a callout becomes, that begins with TL;DR, with an icon before it or not. */
function summaryCallout(markdown: string): string {
  if (!/^>/m.test(markdown)) return ""
  let current: string[] = []
  for (const line of [...markdown.split("\n"), ""]) {
    if (line.startsWith(">")) current.push(line.slice(1).trim())
    else if (current.length > 0) {
      const text = current.join("\n").trim()
      const bare = text.replace(/^[^\p{L}\p{N}]+/u, "")
      const marked = bare.replace(/^(?:\*\*|__)?([^*_:]{1,20}:?)(?:\*\*|__)/u, "$1")
      if (tldr.test(marked)) return marked.replace(tldr, "").trim()
      current = []
    }
  }
  return ""
}

/** What stands before the first heading; where nothing does, below it. Pictures, rules, lone links and lists of who was there are no text. */
function firstSection(markdown: string): string {
  const sections: string[][] = [[]]
  let formal = false
  for (const { text, seen } of visibleLines(markdown)) {
    const heading = headingOf(seen)
    if (heading !== undefined) {
      sections.push([])
      formal = formalHeading.test(heading)
    } else if (formal) continue
    else if (!/^(?:!\[|-{3,}$|https?:\S+$|\(\w+: )/.test(seen)) sections.at(-1)!.push(text)
    if (sections.length > 1 && isSaid(sections[0]!)) break
  }
  return (sections.find(isSaid) ?? []).join("\n").trim()
}

const isSaid = (lines: readonly string[]): boolean => lines.some((line) => /\p{L}/u.test(line))
