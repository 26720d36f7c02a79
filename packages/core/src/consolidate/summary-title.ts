import type { CalendarWindow, SummarySubject, Topic } from "@engram/contracts/consolidation"
import { shortenAtWord } from "./shorten-at-word.ts"

const charsMax = 120
const words: { readonly [topic in Topic]: string } = {
  incidents: "Incidents",
  decisions: "Decisions",
  releases: "Releases",
  goals: "Goals",
  work: "Work",
}
const months = "January February March April May June July August September October November December".split(" ")
const ordinals = ["first", "second", "third", "fourth"]
/** Those who do things, rather than have things done to them. */
const actors: ReadonlySet<string> = new Set(["account", "team", "organization", "name"])

/** `Decisions on octo/app, 4 to 10 May 2026`, `Incidents across the store, second quarter of 2026`: one line of at most 120 characters. */
export function summaryTitle({ topic, entity, window }: Pick<SummarySubject, "topic" | "entity" | "window">): string {
  const tail = `, ${inWords(window)}`
  if (entity === null) return `${words[topic]} across the store${tail}`
  const head = `${words[topic]} ${actors.has(entity.kind) ? "around" : "on"} `
  const name = oneLine(entity.name) || "something without a name"
  return `${head}${shortenAtWord(name, charsMax - head.length - tail.length)}${tail}`
}

/** A name is somebody's text: what would break the line or turn its direction goes. */
export function oneLine(name: string): string {
  const visible = name.toWellFormed().replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, " ")
  return visible.replace(/\s+/g, " ").trim()
}

/** `4 to 10 May 2026`, `May 2026`, `second quarter of 2026`. */
export function inWords({ kind, from, until }: CalendarWindow): string {
  const first = dayOf(from)
  if (kind === "quarter") return `${ordinals[Math.floor(first.month / 3)]} quarter of ${first.year}`
  if (kind === "month") return `${months[first.month]} ${first.year}`
  const last = dayOf(new Date(Date.parse(until) - 86_400_000).toISOString())
  if (first.year !== last.year) return `${inFull(first)} to ${inFull(last)}`
  if (first.month !== last.month) return `${first.day} ${months[first.month]} to ${inFull(last)}`
  return `${first.day} to ${inFull(last)}`
}

interface Day {
  readonly year: number
  /** From 0. */
  readonly month: number
  readonly day: number
}

function dayOf(date: string): Day {
  const [year, month, day] = date.slice(0, 10).split("-").map(Number)
  return { year: year!, month: month! - 1, day: day! }
}

const inFull = ({ year, month, day }: Day): string => `${day} ${months[month]} ${year}`
