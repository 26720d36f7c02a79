import { showHits } from "../show-hits.ts"
import { showNeighbourhood } from "../show-neighbourhood.ts"
import { accountInWords } from "../show-person.ts"
import { showProfile, showSummaries } from "../show-summaries.ts"
import type { Terminal } from "../terminal.ts"
import { count, cut, duration, sum, tally, wrap } from "../words.ts"
import type { DemoResult } from "./run-demo.ts"

const indent = "  "
const skipReasonsShown = 6
const eventsShown = 12

/** The demo's end, as a person reads it. */
export function summaryInWords(terminal: Terminal, result: DemoResult): string {
  const width = Math.min(terminal.columns, 110)
  const heading = (title: string, how: string): string =>
    `${terminal.style(["bold", "cyan"], title)}${terminal.style("dim", `  ${how}`)}`
  const section = (title: string, lines: readonly string[]): string =>
    [terminal.style(["bold", "cyan"], title), ...lines.map((line) => `${indent}${line}`)].join("\n")
  const named = (n: number, name: string, more: string): string =>
    `${terminal.style("bold", String(n).padStart(4))} ${name.padEnd(13)}${terminal.style("dim", wrap(more, width - 20, " ".repeat(20)))}`
  const { contents } = result
  return [
    section("What came in", cameIn(result)),
    section("What became of it", became(result, named, width)),
    section("What is remembered", [
      named(sum(contents.documents), "documents", `${readable(contents.documents)}${gone(result)}`),
      named(contents.chunks, "chunks", "passages that are embedded"),
      named(sum(contents.observations), "observations", readable(contents.observations)),
      named(sum(contents.entities), "entities", readable(contents.entities)),
      named(sum(contents.edges), "edges", readable(contents.edges)),
      named(contents.vectors.indexed, "vectors", vectors(result)),
    ]),
    section(
      "Worth remembering",
      result.notable.map(({ text }) => `· ${cut(text, width - 5)}`),
    ),
    section(
      "Who and what belongs together",
      result.edges.map(({ from, type, to }) => edge(terminal, cut(from, 60), type, cut(to, 40))),
    ),
    ...result.searches.map(({ query, ms, hits }) =>
      [
        heading(`Ask: ${query}`, `${ms} ms, POST /v1/search`),
        hits.length === 0 ? `${indent}nothing found` : showHits(terminal, query, hits),
      ].join("\n"),
    ),
    section("A night later", nightly(result)),
    showSummaries(terminal, result.night.summaries),
    ...(result.night.profile ? [showProfile(terminal, result.night.profile)] : []),
    ...[
      { asked: result.before, when: "before the night" },
      { asked: result.after, when: "after it" },
    ].map(({ asked, when }) =>
      [heading(`Ask: ${asked.query}`, when), showHits(terminal, asked.query, asked.hits)].join("\n"),
    ),
    section(`One person: ${result.surroundings.person.name}`, person(result)),
    `${heading(`Around ${result.surroundings.of}`, `engram graph ${result.surroundings.of}`)}\n${showNeighbourhood(terminal, result.surroundings.neighbourhood)}`,
  ].join("\n\n")
}

function cameIn({ posted, seconds }: DemoResult): string[] {
  const again = posted.duplicate === 0 ? "" : `, ${posted.duplicate} known from before`
  return [
    `${count(posted.payloads, "webhook")} of ${posted.events} event types, signed and posted over HTTP: ${posted.accepted} accepted${again}.`,
    `${posted.recorded} are real ones of GitHub; ${posted.told} tell of one incident in GitHub, Linear, Slack and Notion.`,
    `Accepted in ${duration(seconds.accepting * 1_000)}; everything searchable after ${duration(seconds.total * 1_000)} (${(posted.payloads / seconds.total).toFixed(0)} webhooks a second).`,
  ]
}

type Named = (n: number, name: string, more: string) => string

function became({ outcomes }: DemoResult, named: Named, width: number): string[] {
  const of = (state: string) => outcomes.filter((outcome) => outcome.state === state)
  const [processed, skipped, parked] = [of("processed"), of("skipped"), of("parked")]
  const total = (rows: typeof outcomes): number => rows.reduce((n, { deliveries }) => n + deliveries, 0)
  const reasons = Map.groupBy(skipped, ({ reason }) => reason ?? "")
  const byReason = [...reasons]
    .map(([reason, rows]) => ({ reason, n: total(rows), events: [...new Set(rows.map(({ event }) => event))] }))
    .sort((a, b) => b.n - a.n)
  const shown = byReason.slice(0, skipReasonsShown)
  const rest = byReason.slice(skipReasonsShown)
  return [
    named(total(processed), "processed", readable(byEvent(processed), eventsShown)),
    named(total(skipped), "skipped", `each with its reason, as ${count(byReason.length, "reason")}:`),
    ...shown.map(
      ({ reason, n, events }) => `${String(n).padStart(9)} ${cut(`${events.join(", ")}: ${reason}`, width - 14)}`,
    ),
    ...(rest.length === 0
      ? []
      : [`${String(rest.reduce((n, each) => n + each.n, 0)).padStart(9)} for ${count(rest.length, "other reason")}`]),
    ...(parked.length === 0 ? [] : [named(total(parked), "parked", readable(byEvent(parked)))]),
  ]
}

function byEvent(outcomes: DemoResult["outcomes"]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { event, deliveries } of outcomes) counts[event] = (counts[event] ?? 0) + deliveries
  return counts
}

/** "3 security advisory, 1 commit"; of many names the first few. */
function readable(counts: { readonly [name: string]: number }, max = Number.POSITIVE_INFINITY): string {
  const entries = Object.entries(counts).sort(([, a], [, b]) => b - a)
  const words = tally(Object.fromEntries(entries.slice(0, max)))
    .replaceAll("_", " ")
    .toLowerCase()
  return entries.length > max ? `${words} and ${entries.length - max} other kinds` : words
}

/** The payloads repeat a few things often, and some of them end deleted. */
function gone({ contents, tables }: DemoResult): string {
  const removed = (tables.knowledge_documents ?? 0) - sum(contents.documents)
  return removed === 0 ? "" : `; ${removed} more were deleted again, or are only known by reference`
}

function vectors({ contents, embedding }: DemoResult): string {
  const { owed, parked } = contents.vectors
  const left = owed + parked === 0 ? "none owed" : `${owed} owed, ${parked} parked`
  return `${left}; ${count(embedding.texts, "text")} embedded in ${count(embedding.calls, "call")}`
}

function nightly({ night: { run, seconds } }: DemoResult): string[] {
  const { observationsRead, summariesWritten, profilesRebuilt, clustersTooSmall } = run.report!
  return [
    `${count(summariesWritten, "summary", "summaries")} and ${count(profilesRebuilt, "profile")} out of ${count(observationsRead, "observation")} read, in ${duration(seconds * 1_000)}; ${count(clustersTooSmall, "cluster")} had too little to say.`,
  ]
}

/** The accounts that certain links made one, and what links them. */
function person({ surroundings: { person } }: DemoResult): string[] {
  const linked = person.links.filter(({ verdict }) => verdict === "links").map(({ by, key }) => `${by} ${key}`)
  return [...person.accounts.map((account) => `· ${accountInWords(account)}`), `linked by ${linked.join(", ")}`]
}

const verbs: { readonly [type: string]: string } = {
  AUTHORED_BY: "was written by",
  ASSIGNED_TO: "is assigned to",
  REVIEWED_BY: "was reviewed by",
  MEMBER_OF: "is a member of",
  OWNED_BY: "is owned by",
  PART_OF: "is part of",
  RELATES_TO: "relates to",
  TOUCHES_COMPONENT: "touches",
}

const edge = (terminal: Terminal, from: string, type: string, to: string): string =>
  `· ${from} ${terminal.style("dim", verbs[type] ?? type.toLowerCase().replaceAll("_", " "))} ${to}`
