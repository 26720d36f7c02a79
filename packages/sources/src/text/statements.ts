import type { StatementDraft } from "@engram/contracts/draft"
import type { AliasRef } from "@engram/contracts/graph"
import { decisions } from "./decisions.ts"
import { sentences, shorten, shortenText } from "./shorten.ts"

/** What statements of one text share. */
export interface StatementPlace {
  readonly partId: string
  /** ms; when the text was written. */
  readonly at: number
  /** The document's title, so that a statement is understood by itself. */
  readonly title: string
  readonly subjects: readonly AliasRef[]
  /** Added to what the kind is worth by itself, 0 to 0.4. */
  readonly weight: number
  readonly importanceMax: number
  readonly tags: readonly string[]
}

const worth = { decision: 0.55, outcome: 0.45, summary: 0.3, acceptance: 0.35 } as const
const textMaxChars = 2_000

/** A statement within the contract's limits. Undefined for an empty text. */
export function statement(kind: keyof typeof worth, text: string, place: StatementPlace): StatementDraft | undefined {
  if (text.trim() === "") return undefined
  const summary = text.length > 500 ? sentences(text, 320) : undefined
  const tags = kind === "decision" && !place.tags.includes("decision") ? [...place.tags, "decision"] : place.tags
  return {
    partId: place.partId,
    kind,
    at: place.at,
    ...(place.title && { title: shorten(place.title, 120) }),
    ...(summary && { summary }),
    text: shortenText(text, textMaxChars),
    importance: Math.round(Math.min(worth[kind] + place.weight, place.importanceMax) * 1000) / 1000,
    tags,
    subjects: place.subjects,
  }
}

/** One statement for each decision line of the text. */
export function decisionStatements(markdown: string, place: StatementPlace): StatementDraft[] {
  return decisions(markdown).flatMap((text) => statement("decision", text, place) ?? [])
}
