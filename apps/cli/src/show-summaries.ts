import type { ShownProfile, ShownSummary } from "@engram/contracts/consolidation"
import type { Terminal } from "./terminal.ts"
import { count, cut, tally, wrap } from "./words.ts"

const indent = "   "

/** Summaries as a person reads them: each sentence with the numbers of what it rests on, and that below. */
export function showSummaries(terminal: Terminal, summaries: readonly ShownSummary[]): string {
  const width = Math.min(terminal.columns, 110)
  return summaries.map((summary) => showSummary(terminal, summary, width)).join("\n\n")
}

function showSummary(terminal: Terminal, summary: ShownSummary, width: number): string {
  const { title, sentences, coverage, evidence, writer, isPrivate } = summary
  const place = new Map(evidence.map(({ id }, at) => [id, at + 1]))
  const said = sentences.map(({ text, cites }) => `${text} [${cites.map((id) => place.get(id)).join(", ")}]`).join(" ")
  const about = [
    `of ${count(coverage.observations, "observation")}: ${tally(coverage.sources)}`,
    tally(coverage.kinds).replaceAll("_", " "),
    `by ${writer}`,
    ...(isPrivate ? ["private"] : []),
  ]
  return [
    terminal.style("bold", cut(title, width)),
    `${indent}${terminal.style("dim", cut(about.join(" · "), width - indent.length))}`,
    `${indent}${wrap(said, width - indent.length, indent)}`,
    ...evidence.map(({ text, url, occurredAt }, at) => {
      const line = `[${at + 1}] ${occurredAt.slice(0, 10)} ${text}`
      const where = url === null ? "" : `  ${terminal.style("cyan", url)}`
      return `${indent}${terminal.style("dim", cut(line, Math.max(40, width - indent.length - (url?.length ?? 0) - 2)))}${where}`
    }),
  ].join("\n")
}

/** A profile in a line or two: what sets the entity apart, strongest first. */
export function showProfile(terminal: Terminal, profile: ShownProfile): string {
  const { entity, descriptors, observations, summaries, drift } = profile
  const words = descriptors.map(({ phrase }) => phrase).join(", ") || "nothing that sets it apart"
  const from = `from ${count(observations, "observation")} and ${count(summaries, "summary", "summaries")}, drift ${drift.toFixed(2)}`
  return `${terminal.style("bold", `What ${entity} is about`)}  ${terminal.style("dim", from)}\n${indent}${words}`
}
