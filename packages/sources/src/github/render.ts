import type { MergedPart, Rendered, Section, StatementDraft } from "@engram/contracts/draft"
import type { AliasRef, Link } from "@engram/contracts/graph"
import { createdAt, earliest, occurredAt, strings, textOf } from "../merged-part.ts"
import { discussionOf, importance, isRoutine, participantsOf, severityOf } from "../observe/importance.ts"
import { acceptance, distinct, gist } from "../observe/moment.ts"
import { decisionStatements, type StatementPlace, statement } from "../text/statements.ts"
import { accountAlias, discussionId, readDocumentId, repositoryAlias, thingAlias, thingId } from "./names.ts"
import { originOf, references, type TextPlace } from "./references.ts"
import { tagsOf } from "./tags.ts"

const kinds: { readonly [segment: string]: string } = {
  dependabot: "dependabot_alert",
  vulnerability: "vulnerability_alert",
  "code-scanning": "code_scanning_alert",
  "secret-scanning": "secret_scanning_alert",
  advisory: "security_advisory",
  wiki: "wiki_page",
}
const shown = ["repository", "number", "milestone", "category", "tag", "severity", "baseBranch", "mergeCommit", "sha"]
const labelsMax = 100
/** Kinds whose titles can say that nobody decided anything; a release called v1.2.0 is news. */
const routine = new Set(["issue", "pull_request"])

/** A document as readers see it. Pure: the same live parts give the same document, in whichever order fields came. */
export function render({ sourceId, parts }: { sourceId: string; parts: readonly MergedPart[] }): Rendered {
  const id = readDocumentId(sourceId)
  const body = parts.find(({ partId }) => partId === "body")
  const kind = id.kind === "thing" ? (body?.fields.pullRequest ? "pull_request" : "issue") : (kinds[id.kind] ?? id.kind)
  const title = textOf(body, "title") ?? sourceId
  const labels = strings(body?.fields.labels)
  const tags = tagsOf(kind, title, labels)
  const trivial = routine.has(kind) && isRoutine(title, body?.fields.authorBot === true)
  const context = { kind, title, tags, trivial, place: textPlace(sourceId, kind, body) }
  return {
    kind,
    title,
    state: typeof body?.fields.mergedAt === "number" ? "merged" : (textOf(body, "state") ?? null),
    url: textOf(body, "url") ?? null,
    scope: id.scope,
    author: authorOf(body) ?? null,
    occurredAt: occurredAt(body) ?? earliest(parts),
    importance: importance({
      base: 0.3,
      severity: severityOf([title, ...labels, textOf(body, "severity") ?? ""]),
      discussion: discussionOf(parts.length - 1),
      participants: participantsOf(new Set(parts.map(({ fields }) => fields.authorId)).size - 1),
      trivial,
    }),
    labels: labels.slice(0, labelsMax),
    metadata: Object.fromEntries(Object.entries(body?.fields ?? {}).filter(([name]) => shown.includes(name))),
    sections: parts.flatMap((part) => section(part, title) ?? []),
    statements: [...parts.flatMap((part) => partStatements(part, context)), ...acceptedAnswer(body, parts, context)],
    links: textLinks(parts, context.place),
  }
}

interface Context {
  readonly kind: string
  readonly title: string
  readonly tags: readonly string[]
  readonly trivial: boolean
  readonly place: TextPlace | undefined
}

/** A body without text is its title, so that every document can be found by what it is called. */
function section(part: MergedPart, title: string): Section | undefined {
  const written = textOf(part, "text")?.trim() ? textOf(part, "text") : undefined
  const markdown = written ?? (part.partId === "body" ? title : undefined)
  if (markdown === undefined) return undefined
  return { partId: part.partId, label: labelOf(part), markdown, occurredAt: createdAt(part) }
}

function labelOf(part: MergedPart): string {
  if (part.partId === "body") return "body"
  const by = textOf(part, "author")
  const on = textOf(part, "path")
  const verdict = part.kind === "review" ? textOf(part, "state")?.replace("_", " ") : undefined
  const words = [part.kind.replace("_", " "), by && `by ${by}`, on && `on ${on}`, verdict && `(${verdict})`]
  return words.filter(Boolean).join(" ")
}

function partStatements(part: MergedPart, context: Context): StatementDraft[] {
  const markdown = textOf(part, "text") ?? ""
  const place = statementPlace(part, context)
  const decided = decisionStatements(markdown, place)
  if (part.partId !== "body" || context.kind === "team" || context.kind === "organization") return decided
  const said = gist(markdown)
  // A description that repeats the title says nothing more.
  const summary = said.trim() === context.title.trim() ? "" : said
  return [
    ...[statement("summary", summary, place), statement("acceptance", acceptance(markdown), place)].filter(
      (one) => one !== undefined,
    ),
    ...decided,
  ]
}

/** The answer that the asker or a maintainer accepted is what a discussion decided. */
function acceptedAnswer(
  body: MergedPart | undefined,
  parts: readonly MergedPart[],
  context: Context,
): StatementDraft[] {
  const answerId = body?.fields.answerId
  const answer = parts.find(({ partId }) => typeof answerId === "number" && partId === `comment:${answerId}`)
  if (!answer) return []
  const said = textOf(answer, "text") ?? ""
  return [statement("decision", gist(said) || said, statementPlace(answer, context))].filter((one) => one !== undefined)
}

const statementPlace = (part: MergedPart, { title, tags, trivial, place }: Context): StatementPlace => ({
  partId: part.partId,
  at: createdAt(part),
  title,
  subjects: distinct([place?.self, authorOf(part), place && repositoryAlias(Number(place.repositoryId))]),
  weight: 0.25 * severityOf([title]),
  importanceMax: trivial ? 0.2 : 1,
  tags,
})

/** Edges that the texts state, each since the first part that states it. */
function textLinks(parts: readonly MergedPart[], place: TextPlace | undefined): Rendered["links"] {
  if (!place) return []
  const found = new Map<string, Link & { readonly since: number }>()
  for (const part of parts) {
    const closes = place.closes && part.partId === "body"
    const since = createdAt(part)
    for (const reference of references(wordsOf(part), { ...place, closes })) {
      // What is said without a condition stands beside what is said under one.
      const key = `${reference.type} ${reference.to.type} ${reference.to.value} ${reference.requires?.value ?? ""}`
      const known = found.get(key)
      if (!known || since < known.since) found.set(key, { ...reference, since })
    }
  }
  return [...found.values()]
}

/** What a title says counts as much as the text below it. */
const wordsOf = (part: MergedPart): string =>
  [part.partId === "body" ? textOf(part, "title") : undefined, textOf(part, "text")].filter(Boolean).join("\n\n")

function textPlace(sourceId: string, kind: string, body: MergedPart | undefined): TextPlace | undefined {
  const repositoryId = /^repository:(\d+)/.exec(sourceId)?.[1]
  if (repositoryId === undefined) return undefined
  const number = body?.fields.number
  const numbered =
    typeof number === "number" &&
    [thingId(Number(repositoryId), number), discussionId(Number(repositoryId), number)].includes(sourceId)
  return {
    repositoryId,
    fullName: textOf(body, "repository") ?? "",
    origin: originOf(textOf(body, "url")),
    closes: kind === "pull_request",
    ...(numbered && { self: thingAlias(repositoryId, number) }),
  }
}

const authorOf = (part: MergedPart | undefined): AliasRef | undefined => {
  const id = part?.fields.authorId
  return typeof id === "number" ? accountAlias(id) : undefined
}
