import type { MomentDraft } from "@engram/contracts/draft"
import type { AliasRef, Link } from "@engram/contracts/graph"
import { firstParagraph, namedSection } from "../text/passages.ts"
import { sentences, shorten, shortenText } from "../text/shorten.ts"

/** Longest text of an observation, so that it fits every embedder whole. */
export const textMaxChars = 2_000
const titleMaxChars = 120
const summaryMaxChars = 320
/** Descriptions longer than this are summarised. */
const longDescriptionChars = 500

const summaryHeading = /^(?:summary|changelog|tl;?dr|what(?:'s| is)? (?:changed|new)|overview)$/i
const acceptanceHeading = /^(?:acceptance(?: criteria| tests?)?|definition of done|done when)$/i

/** What a description says first: its Summary or Changelog section, or its first paragraph. */
export const gist = (markdown: string) => namedSection(markdown, summaryHeading) || firstParagraph(markdown)

export const acceptance = (markdown: string) => namedSection(markdown, acceptanceHeading)

/** The one or three sentences that stand for a long description; undefined for one that is short enough itself. */
export function summaryOf(description: string, core: string): string | undefined {
  return description.length > longDescriptionChars && core !== "" ? sentences(core, summaryMaxChars) : undefined
}

export interface Happening {
  readonly thing: AliasRef
  readonly kind: string
  readonly at: number
  readonly importance: number
  readonly scope: string
  /** One line that says what happened, understandable by itself. */
  readonly headline: string
  /** The markdown it rests on; only its gist is taken. */
  readonly description?: string | null | undefined
  /** Further lines of evidence: what it closes, its commits. */
  readonly evidence?: readonly string[]
  readonly documentSourceId?: string
  readonly tags?: readonly string[]
  readonly subjects?: readonly (AliasRef | undefined)[]
  readonly url?: string | null | undefined
  readonly links?: readonly Link[]
}

/** A moment within the limits of the contract: every text is cut between words. */
export function moment(happening: Happening): MomentDraft {
  const description = happening.description ?? ""
  const core = gist(description)
  const summary = summaryOf(description, core)
  const evidence = (happening.evidence ?? []).filter((line) => !core.includes(line))
  return {
    ...(happening.documentSourceId && { documentSourceId: happening.documentSourceId }),
    thing: happening.thing,
    kind: happening.kind,
    at: happening.at,
    title: shorten(happening.headline, titleMaxChars),
    ...(summary && { summary }),
    text: shortenText([happening.headline, core, evidence.join("\n")].filter(Boolean).join("\n\n"), textMaxChars),
    importance: happening.importance,
    tags: happening.tags ?? [],
    subjects: distinct(happening.subjects ?? []),
    ...(happening.url && { url: happening.url }),
    scope: happening.scope,
    links: happening.links ?? [],
  }
}

export function distinct(aliases: readonly (AliasRef | undefined)[]): AliasRef[] {
  const named = aliases.filter((alias) => alias !== undefined)
  return [...new Map(named.map((alias) => [`${alias.type} ${alias.value}`, alias])).values()]
}
