import type { MergedPart, Rendered, StatementDraft } from "@engram/contracts/draft"
import type { JsonObject } from "@engram/contracts/json"
import { firstParagraph } from "../text/passages.ts"
import { crossReferences } from "../text/references.ts"
import { decisionStatements, type StatementPlace, statement } from "../text/statements.ts"
import { authorAlias, defaultScope, documentAlias } from "./normalize.ts"

/** A document from its one part, whose fields one envelope listed all. Pure. */
export function render({ sourceId, parts }: { sourceId: string; parts: readonly MergedPart[] }): Rendered {
  const { fields, at } = parts.find(({ partId }) => partId === "body") ?? { fields: {} as JsonObject, at: 0 }
  const title = textOf(fields, "title") || sourceId
  const markdown = textOf(fields, "text")
  const authorId = textOf(fields, "authorId")
  const author = authorId ? authorAlias(textOf(fields, "source"), authorId) : null
  const labels = fields.labels
  return {
    kind: textOf(fields, "kind") || "document",
    title,
    state: null,
    url: textOf(fields, "url") || null,
    scope: textOf(fields, "scope") || defaultScope,
    author,
    occurredAt: at,
    importance: 0.3,
    labels: Array.isArray(labels) ? labels.filter((label) => typeof label === "string") : [],
    metadata: (fields.metadata as JsonObject | undefined) ?? {},
    sections: [{ partId: "body", label: "body", markdown: markdown.trim() ? markdown : title, occurredAt: at }],
    statements: statementsOf(markdown, {
      partId: "body",
      at,
      title,
      subjects: author ? [documentAlias(sourceId), author] : [documentAlias(sourceId)],
      weight: 0,
      importanceMax: 1,
      tags: [],
    }),
    links: crossReferences(`${title}\n\n${markdown}`, { self: [documentAlias(sourceId)] }).map((reference) => ({
      ...reference,
      since: at,
    })),
  }
}

function statementsOf(markdown: string, place: StatementPlace): StatementDraft[] {
  const summary = statement("summary", firstParagraph(markdown), place)
  return [...(summary ? [summary] : []), ...decisionStatements(markdown, place)]
}

function textOf(fields: JsonObject, name: string): string {
  const value = fields[name]
  return typeof value === "string" ? value : ""
}
