import type { MergedPart, Rendered, Section, StatementDraft } from "@engram/contracts/draft"
import type { AliasRef, Link } from "@engram/contracts/graph"
import type { JsonObject } from "@engram/contracts/json"
import { carried } from "../claims.ts"
import { occurredAt, strings, textOf } from "../merged-part.ts"
import { crossReferences } from "../text/references.ts"
import { decisionStatements, type StatementPlace, statement } from "../text/statements.ts"
import { readDocumentId, thingAlias, userAlias, workspaceScope } from "./names.ts"
import { decisionSections, gist } from "./observe.ts"
import { tagsOf } from "./tags.ts"

/** A document as readers see it. Pure: the same live parts give the same document, in whichever order fields came. */
export function render({ sourceId, parts }: { sourceId: string; parts: readonly MergedPart[] }): Rendered {
  const { kind, id } = readDocumentId(sourceId)
  const body = parts.find(({ partId }) => partId === "body")
  const title = text(body, "title") || "Untitled"
  const labels = strings(body?.fields.labels)
  const places = strings(body?.fields.places)
  const tags = kind === "page" ? tagsOf([title, ...labels, ...places.slice(-2)]) : []
  const isEmpty = kind === "page" && !text(body, "text").trim() && !text(body, "propertyText").trim()
  const weight = weightOf({ tags, parts, isEmpty })
  const context = { title, tags, weight: isEmpty ? 0 : weight - 0.3, isEmpty, subjects: subjectsOf(kind, id, body) }
  return {
    kind,
    title,
    state: text(body, "state") || null,
    url: text(body, "url") || null,
    scope: text(body, "scope") || workspaceScope,
    author: authorOf(body) ?? null,
    occurredAt: createdAt(body ?? parts[0]),
    importance: round(weight),
    labels,
    metadata: metadataOf(body),
    sections: parts.flatMap((part) => sections(part, title)),
    statements: parts.flatMap((part) => statements(part, context)),
    links: textLinks(parts, thingAlias(kind, id)),
  }
}

interface Context {
  readonly title: string
  readonly tags: readonly string[]
  readonly weight: number
  readonly isEmpty: boolean
  readonly subjects: readonly AliasRef[]
}

const trivialMax = 0.2

/** 0 to 1: what is decided, intended or went wrong weighs more, and so does what is discussed by many. An empty page is trivial. */
function weightOf({
  tags,
  parts,
  isEmpty,
}: {
  tags: readonly string[]
  parts: readonly MergedPart[]
  isEmpty: boolean
}) {
  const comments = parts.length - 1
  if (isEmpty && comments <= 0) return 0.1
  const kind = tags.includes("incident") ? 0.2 : tags.length > 0 ? 0.15 : 0
  const people = new Set(parts.map(({ fields }) => fields.authorId)).size
  const discussion = Math.min(1, Math.log2(1 + Math.max(0, comments)) / 5)
  const weight = 0.3 + kind + 0.2 * discussion + 0.2 * Math.min(1, (people - 1) / 5)
  return isEmpty ? Math.min(weight, trivialMax) : Math.min(1, weight)
}

/** A page without text is its title, so that every document can be found by what it is called. */
function sections(part: MergedPart, title: string): Section[] {
  const at = createdAt(part)
  const section = (label: string, markdown: string): Section[] =>
    markdown.trim() === "" ? [] : [{ partId: part.partId, label, markdown, occurredAt: at }]
  if (part.partId !== "body") {
    const by = text(part, "author")
    return section(by ? `comment by ${by}` : "comment", text(part, "text"))
  }
  const said = [...section("properties", text(part, "propertyText")), ...section("body", text(part, "text"))]
  return said.length > 0 ? said : section("body", title)
}

function statements(part: MergedPart, context: Context): StatementDraft[] {
  const markdown = text(part, "text")
  const place: StatementPlace = {
    partId: part.partId,
    at: createdAt(part),
    title: context.title,
    subjects: context.subjects,
    weight: context.weight,
    importanceMax: context.isEmpty ? trivialMax : 1,
    tags: context.tags,
  }
  const isBody = part.partId === "body"
  const decided = isBody ? decisionSections(markdown) : []
  const sectioned = decided.flatMap((said) => statement("decision", said, place) ?? [])
  // A line below such a heading was taken with its section.
  const lines = decisionStatements(markdown, place).filter(({ text }) => !decided.some((said) => said.includes(text)))
  const first = isBody ? gist(markdown) || text(part, "propertyText") : ""
  const summary = decided.includes(first) ? undefined : statement("summary", first, place)
  return [...(summary ? [summary] : []), ...sectioned, ...lines]
}

/** Edges that the texts state, each since the first part that states it. */
function textLinks(parts: readonly MergedPart[], self: AliasRef): Rendered["links"] {
  const found = new Map<string, Link & { readonly since: number }>()
  for (const part of parts) {
    const since = createdAt(part)
    const said = `${text(part, "propertyText")}\n${text(part, "text")}`
    for (const link of crossReferences(said, { self: [self] })) {
      const key = `${link.type} ${link.to.type} ${link.to.value}`
      const known = found.get(key)
      if (!known || since < known.since) found.set(key, { ...link, since })
    }
  }
  return [...found.values()]
}

function subjectsOf(kind: Parameters<typeof thingAlias>[0], id: string, body: MergedPart | undefined): AliasRef[] {
  const author = authorOf(body)
  const related = strings(body?.fields.related).map((row) => thingAlias("page", row))
  return [thingAlias(kind, id), ...(author ? [author] : []), ...related]
}

function metadataOf(body: MergedPart | undefined): JsonObject {
  const { properties, places, editedAt, locked, cut } = body?.fields ?? {}
  return carried({
    properties: properties && Object.keys(properties).length > 0 ? properties : undefined,
    place: strings(places).join(" / ") || undefined,
    editedAt,
    locked: locked === true ? true : undefined,
    cut: cut ?? undefined,
  })
}

const round = (weight: number): number => Math.round(weight * 1000) / 1000

const text = (part: MergedPart | undefined, field: string): string => textOf(part, field) ?? ""

const authorOf = (part: MergedPart | undefined): AliasRef | undefined => {
  const id = text(part, "authorId")
  return id ? userAlias(id) : undefined
}

const createdAt = (part: MergedPart | undefined): number => occurredAt(part) ?? part?.at ?? 0
