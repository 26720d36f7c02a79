import { maskCode, masked } from "./mask.ts"

const heading = /^#{1,6}[ \t]+(.+)$/
const boldLine = /^(?:\*\*|__)([^*_]{1,80})(?:\*\*|__):?$/
const listItem = /^(?:[-*+]|\d{1,9}[.)])[ \t]+/
/** Lines that are structure, not prose: headings, tables, quotes, rules, HTML, badges and images, hidden code. */
const notProse = new RegExp(`^(?:#{1,6}[ \\t]|[|>]|<|!\\[|\\[!\\[|(?:[-*_][ \\t]*){3,}$|${masked}+$)`)

/** The first paragraph of prose; a list only when there is no prose before any heading's end. `""` when there is neither. */
export function firstParagraph(markdown: string): string {
  const paragraphs = blocks(markdown)
  return (paragraphs.find(({ kind }) => kind === "prose") ?? paragraphs.find(({ kind }) => kind === "list"))?.text ?? ""
}

/** What stands below the first heading (or bold line) whose words match, to the next heading. `""` when there is none. */
export function namedSection(markdown: string, name: RegExp): string {
  if (!/^[ \t]*(?:#|\*\*|__)/m.test(markdown)) return ""
  const lines = visibleLines(markdown)
  const start = lines.findIndex(({ seen }) => name.test(headingOf(seen) ?? ""))
  if (start < 0) return ""
  const end = lines.findIndex(({ seen }, at) => at > start && headingOf(seen) !== undefined)
  const below = lines.slice(start + 1, end < 0 ? lines.length : end)
  return below
    .map(({ text }) => text)
    .join("\n")
    .trim()
}

/** A line as written, and as it looks with code and comments hidden, trimmed. */
interface Line {
  readonly text: string
  readonly seen: string
}

export function visibleLines(markdown: string): Line[] {
  const seen = maskCode(markdown).split("\n")
  return markdown.split("\n").map((text, at) => ({ text: text.trimEnd(), seen: (seen[at] ?? "").trim() }))
}

/** The words of a heading or of a bold line that serves as one. A line of more than 200 characters is neither. */
export function headingOf(line: string): string | undefined {
  if (line.length > 200) return undefined
  const found = heading.exec(line)?.[1] ?? boldLine.exec(line)?.[1]
  return found?.replace(/^[*_\s]+/, "").replace(/[*_:#\s]+$/, "")
}

export const isListItem = (line: string) => listItem.test(line)

function blocks(markdown: string): { readonly kind: "prose" | "list"; readonly text: string }[] {
  const found: { kind: "prose" | "list"; lines: string[] }[] = []
  let current: (typeof found)[number] | undefined
  for (const { text, seen } of visibleLines(markdown)) {
    if (seen === "" || notProse.test(seen) || boldLine.test(seen)) current = undefined
    else if (current) current.lines.push(text)
    else {
      current = { kind: isListItem(seen) ? "list" : "prose", lines: [text] }
      found.push(current)
    }
  }
  return found.map(({ kind, lines }) => ({ kind, text: lines.join("\n").trim() }))
}
