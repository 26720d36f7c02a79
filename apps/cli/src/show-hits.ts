import type { SearchHit } from "@engram/contracts/search"
import type { Terminal } from "./terminal.ts"
import { cut, excerpt, wordsOf, wrap } from "./words.ts"

const indent = "   "
const excerptChars = 320

/** Hits as a person reads them: title, what and when, section, the passage around the question's words, where it is. */
export function showHits(terminal: Terminal, query: string, hits: readonly SearchHit[]): string {
  const width = Math.min(terminal.columns, 110)
  return hits.map((hit, index) => showHit(terminal, query, hit, index + 1, width)).join("\n\n")
}

function showHit(terminal: Terminal, query: string, hit: SearchHit, rank: number, width: number): string {
  const about = [
    hit.kind.replaceAll("_", " "),
    hit.state,
    hit.occurredAt.slice(0, 10),
    `by ${hit.foundBy.join(" and ")}`,
    ...hit.bias.map(({ entity }) => `near to what ${entity} is about`),
  ]
  const section = hit.section && !["body", hit.title].includes(hit.section) ? hit.section : undefined
  const passage = wrap(excerpt(withoutTitle(hit), query, excerptChars), width - indent.length, indent)
  return [
    `${String(rank).padEnd(indent.length)}${terminal.style("bold", cut(hit.title || hit.kind, width - 10))}`,
    `${indent}${terminal.style("dim", about.filter(Boolean).join(" · "))}`,
    ...(section ? [`${indent}${terminal.style("italic", cut(section, width - indent.length))}`] : []),
    `${indent}${emphasised(terminal, query, passage)}`,
    ...(hit.evidence ? [`${indent}${terminal.style("dim", `rests on ${hit.evidence.length} observations`)}`] : []),
    ...(hit.url ? [`${indent}${terminal.style("cyan", hit.url)}`] : []),
  ].join("\n")
}

/** A document's first passage begins with its title, which stands above it. */
const withoutTitle = ({ title, passage }: SearchHit): string =>
  passage.startsWith(`# ${title}\n`) ? passage.slice(title.length + 3).trim() || passage : passage

function emphasised(terminal: Terminal, query: string, text: string): string {
  const words = wordsOf(query)
  if (words.length === 0) return text
  return text.replace(new RegExp(`\\b(?:${words.join("|")})\\w*`, "gi"), (word) => terminal.style("yellow", word))
}
