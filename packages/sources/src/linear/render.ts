import type { MergedPart, Rendered, Section, StatementDraft } from "@engram/contracts/draft"
import type { AliasRef } from "@engram/contracts/graph"
import { createdAt, earliest, occurredAt, strings, textOf } from "../merged-part.ts"
import {
  discussionOf,
  importance,
  isChatter,
  isPlaceholder,
  isRoutine,
  participantsOf,
  severityOf,
} from "../observe/importance.ts"

import { acceptance, distinct, gist } from "../observe/moment.ts"
import { decisions } from "../text/decisions.ts"
import { crossReferences } from "../text/references.ts"
import { decisionStatements, type StatementPlace, statement } from "../text/statements.ts"
import { issueSeverity } from "./events/issues.ts"
import {
  type DocumentKind,
  documentSlugAlias,
  initiativeSlugAlias,
  issueKeyAlias,
  named,
  organizationKey,
  projectSlugAlias,
  readDocumentId,
  slugOf,
  teamAlias,
  teamKey,
} from "./names.ts"
import { tagsOf } from "./tags.ts"

/** How Linear calls each kind in the documents' `kind`, and what it is worth by itself. */
const kinds: { readonly [kind in DocumentKind]: { readonly kind: string; readonly base: number } } = {
  issue: { kind: "issue", base: 0.3 },
  project: { kind: "project", base: 0.4 },
  project_update: { kind: "project_update", base: 0.35 },
  initiative: { kind: "initiative", base: 0.45 },
  initiative_update: { kind: "initiative_update", base: 0.4 },
  cycle: { kind: "cycle", base: 0.2 },
  document: { kind: "document", base: 0.35 },
  content: { kind: "comments", base: 0.2 },
}

const shown = [
  "key",
  "status",
  "team",
  "assignee",
  "owner",
  "project",
  "subject",
  "cycle",
  "milestone",
  "priorityLabel",
  "estimate",
  "dueDate",
  "startDate",
  "targetDate",
  "health",
  "progress",
]
const labelsMax = 100
const healthSeverity: { readonly [health: string]: number } = { offTrack: 1, atRisk: 0.6 }
/** A note that ends an issue comes with the move or soon after it. */
const closingNoteMs = 24 * 60 * 60 * 1000

/** A document as readers see it. Pure: the same live parts give the same document, in whichever order fields came. */
export function render({ sourceId, parts }: { sourceId: string; parts: readonly MergedPart[] }): Rendered {
  const id = readDocumentId(sourceId)
  const body = parts.find(({ partId }) => partId === "body")
  const { kind, base } = kinds[id.kind]
  const title = titleOf(id.kind, body, parts)
  const labels = strings(body?.fields.labels)
  const tags = renderedTags(kind, title, labels, parts)
  const trivial = isPlaceholder(title) || (kind === "issue" && isRoutine(title, body?.fields.authorBot === true))
  const context: Context = { kind, title, tags, trivial, scope: scopeOf(id.kind, body, parts), body, parts }
  const comments = parts.filter((part) => part.kind === "comment")
  return {
    kind,
    title: kind === "issue" ? withKey(title, body, parts) : title,
    state: textOf(body, "state") ?? null,
    url: textOf(body, "url") ?? about(parts, "aboutUrl")?.split("#")[0] ?? null,
    scope: context.scope,
    author: authorOf(body) ?? null,
    occurredAt: occurredAt(body) ?? earliest(parts),
    importance: importance({
      base,
      severity: severityIn(context, labels),
      discussion: discussionOf(comments.length),
      participants: participantsOf(peopleIn(parts) - 1),
      linked: tags.includes("incident") || parts.some((part) => part.kind === "attachment") ? 1 : 0,
      reach: reachOf(id.kind, body),
      trivial,
    }),
    labels: labels.slice(0, labelsMax),
    metadata: Object.fromEntries(
      Object.entries(body?.fields ?? {}).filter(([name, value]) => shown.includes(name) && value !== null),
    ),
    sections: parts.flatMap((part) => section(part, title) ?? []),
    statements: [
      ...parts.flatMap((part) => partStatements(part, context)),
      ...answers(context),
      ...closingNote(context),
    ],
    links: textLinks(parts, selfOf(sourceId, body)),
  }
}

interface Context {
  readonly kind: string
  readonly title: string
  readonly tags: readonly string[]
  readonly trivial: boolean
  readonly scope: string
  readonly body: MergedPart | undefined
  readonly parts: readonly MergedPart[]
}

/** A thing that Engram has not heard of itself is called what its comments call it. */
function titleOf(kind: DocumentKind, body: MergedPart | undefined, parts: readonly MergedPart[]): string {
  const own = textOf(body, "title")
  if (own !== undefined) return own
  const named = about(parts, "aboutTitle") ?? about(parts, "aboutKey")
  if (kind === "content" && named) return `Comments on ${named}`
  if (kind === "project_update") return named ? `Update on ${named}` : "Project update"
  const attached = textOf(
    parts.find((part) => part.kind === "attachment"),
    "title",
  )
  return named ?? attached ?? `Linear ${kind.replace("_", " ")}`
}

function withKey(title: string, body: MergedPart | undefined, parts: readonly MergedPart[]): string {
  const key = textOf(body, "key") ?? about(parts, "aboutKey")
  return key && title !== key ? `${key} ${title}` : title
}

/** What the newest part that says it says. */
function about(parts: readonly MergedPart[], field: string): string | undefined {
  const saying = parts.filter((part) => textOf(part, field) !== undefined)
  return textOf(saying.toSorted((a, b) => a.at - b.at || (a.partId < b.partId ? -1 : 1)).at(-1), field)
}

/** A team's issues and cycles, and a project that is one team's, are seen by whoever sees the team; the rest by everybody, unless an import said otherwise. */
function scopeOf(kind: DocumentKind, body: MergedPart | undefined, parts: readonly MergedPart[]): string {
  const hiddenIn = body?.fields.scope === undefined ? about(parts, "scope") : textOf(body, "scope")
  if (hiddenIn) return hiddenIn
  const teams = strings(body?.fields.teamIds)
  const teamId = kind === "project" ? (teams.length === 1 ? teams[0] : undefined) : teamOf(body, parts)
  return teamId
    ? teamKey(teamId)
    : organizationKey(textOf(body, "organizationId") ?? about(parts, "organizationId") ?? "")
}

const teamOf = (body: MergedPart | undefined, parts: readonly MergedPart[]) =>
  textOf(body, "teamId") ?? about(parts, "teamId")

function renderedTags(kind: string, title: string, labels: readonly string[], parts: readonly MergedPart[]): string[] {
  const tags = tagsOf(kind, [title, ...labels, textOf(parts[0], "status") ?? ""])
  const over = ["completed", "canceled", "duplicate"].includes(textOf(parts[0], "state") ?? "")
  const blockers = !over && parts.some(({ fields }) => fields.relation === "blocks")
  return blockers ? [...new Set([...tags, "blocked", "dependency"])] : tags
}

function severityIn({ kind, title, body }: Context, labels: readonly string[]): number {
  const priority = body?.fields.priority
  if (kind === "issue") return issueSeverity(title, labels, typeof priority === "number" ? priority : 0)
  return Math.max(severityOf([title]), healthSeverity[textOf(body, "health") ?? ""] ?? 0)
}

function reachOf(kind: DocumentKind, body: MergedPart | undefined): number {
  if (kind.startsWith("initiative")) return 1
  return kind === "project" && strings(body?.fields.teamIds).length > 1 ? 1 : 0
}

/** Everybody who wrote or reacted; of those who reacted, Linear's own count where it is higher. */
function peopleIn(parts: readonly MergedPart[]): number {
  const writers = new Set(parts.flatMap(({ fields }) => (fields.authorAlias ? JSON.stringify(fields.authorAlias) : [])))
  const reactors = parts.map(({ fields }) => (typeof fields.reactors === "number" ? fields.reactors : 0))
  return Math.max(writers.size, ...reactors)
}

/** A body without text is its title, so that every document can be found by what it is called. */
function section(part: MergedPart, title: string): Section | undefined {
  const markdown = written(part) || (part.partId === "body" ? title : undefined)
  if (markdown === undefined) return undefined
  return { partId: part.partId, label: labelOf(part), markdown, occurredAt: createdAt(part) }
}

function labelOf(part: MergedPart): string {
  if (part.partId === "body") return "body"
  const by = textOf(part, "author")
  const what = part.kind === "comment" && part.fields.inReplyTo ? "reply" : part.kind
  return by ? `${what} by ${by}` : what
}

function partStatements(part: MergedPart, context: Context): StatementDraft[] {
  if (part.kind !== "body" && part.kind !== "comment") return []
  const markdown = textOf(part, "text") ?? ""
  const place = statementPlace(part, context)
  const decided = decisionStatements(markdown, place)
  if (part.partId !== "body") return decided
  const said = [textOf(part, "lead"), gist(markdown)].filter((each) => each?.trim()).join("\n\n")
  // A description that repeats the title says nothing more.
  const summary = said.trim() === context.title.trim() || context.kind === "cycle" ? "" : said
  return [
    statement("summary", summary, place),
    statement("acceptance", acceptance(markdown), place),
    ...decided,
  ].filter((one) => one !== undefined)
}

/** The comment that resolved a thread is what the thread decided. */
function answers(context: Context): StatementDraft[] {
  const chosen = new Set(context.parts.map(({ fields }) => fields.resolvedBy))
  return (
    context.parts
      .filter(({ partId }) => partId.startsWith("comment:") && chosen.has(partId.slice("comment:".length)))
      // One that says itself that it decides is read as such already.
      .filter((part) => !isChatter(textOf(part, "text")) && decisions(textOf(part, "text") ?? "").length === 0)
      .flatMap((part) => statement("decision", said(part), statementPlace(part, context)) ?? [])
  )
}

/** The last note with which an issue was done or given up: what somebody who looks it up later wants to know first. */
function closingNote(context: Context): StatementDraft[] {
  const { body, parts, kind } = context
  const ended = [body?.fields.completedAt, body?.fields.canceledAt].find((at) => typeof at === "number")
  if (kind !== "issue" || typeof ended !== "number") return []
  const note = parts
    .filter((part) => part.kind === "comment" && createdAt(part) <= ended + closingNoteMs)
    .filter((part) => part.fields.authorBot !== true && !isChatter(textOf(part, "text")))
    .at(-1)
  return note
    ? [statement("outcome", said(note), statementPlace(note, context))].filter((one) => one !== undefined)
    : []
}

const said = (part: MergedPart) => gist(textOf(part, "text") ?? "") || (textOf(part, "text") ?? "")

const statementPlace = (part: MergedPart, { title, tags, trivial, body, parts, kind }: Context): StatementPlace => {
  const teamId = teamOf(body, parts)
  return {
    partId: part.partId,
    at: createdAt(part),
    title,
    subjects: distinct([authorOf(part), teamId ? teamAlias(teamId) : undefined]),
    weight: 0.25 * severityOf([title]) + (kind.startsWith("initiative") || kind === "project" ? 0.1 : 0),
    importanceMax: trivial ? 0.2 : 1,
    tags,
  }
}

/** The names that a document goes by in texts: its own are no references. */
function selfOf(sourceId: string, body: MergedPart | undefined): AliasRef[] {
  const { kind, id } = readDocumentId(sourceId)
  const key = textOf(body, "key")
  const slug = slugOf(textOf(body, "url"))
  return [
    named(kind, id).alias,
    ...(key ? [issueKeyAlias(key)] : []),
    ...(slug ? [projectSlugAlias(slug), initiativeSlugAlias(slug), documentSlugAlias(slug)] : []),
  ]
}

/** Edges that what people wrote states, each since the first part that states it. */
function textLinks(parts: readonly MergedPart[], self: readonly AliasRef[]): Rendered["links"] {
  const found = new Map<string, Rendered["links"][number]>()
  for (const part of parts.filter(({ kind }) => kind === "body" || kind === "comment")) {
    const since = createdAt(part)
    for (const reference of crossReferences(written(part), { self })) {
      // What is said without a condition stands beside what is said under one.
      const key = `${reference.type} ${reference.to.type} ${reference.to.value} ${reference.requires?.value ?? ""}`
      const known = found.get(key)
      if (!known || since < known.since) found.set(key, { ...reference, since })
    }
  }
  return [...found.values()]
}

const written = (part: MergedPart) =>
  [textOf(part, "lead"), textOf(part, "text")].filter((each) => each?.trim()).join("\n\n")

const authorOf = (part: MergedPart | undefined): AliasRef | undefined => {
  const [type, value] = strings(part?.fields.authorAlias)
  return type && value ? { type, value } : undefined
}
