import { z } from "zod"
import { carried, link } from "../../claims.ts"
import { read } from "../../text/read.ts"
import { claimOf, type LinearEvent, skipped } from "../event.ts"
import { Gathering } from "../gather.ts"
import { documentAlias, type Named, named, projectAlias } from "../names.ts"
import { aboutFields, reactorsIn, textField, writerFields, writerOf } from "../parts.ts"
import { Comment, type IssueChild } from "../schemas.ts"

const InData = z.object({ data: Comment })

/**
 * A comment is a part of what it is on, which its own ids name: removals carry nothing else. It says nothing of whether that
 * thing exists; what it says of its name stays in the part, for things that Engram has not heard of yet.
 */
export function readComment(event: LinearEvent) {
  const { data: comment } = read(InData, event)
  const document = placeOf(comment)
  if (!document) return skipped("The comment is on something that Engram does not keep.")
  const claim = claimOf(event, comment)
  const gathering = new Gathering(event, claim.at)
  if (comment.issue) gathering.issue(comment.issue)
  const writer = writerOf(comment, gathering)
  gathering.document({
    ...document,
    parts: [
      {
        partId: `comment:${comment.id}`,
        kind: "comment",
        ...claim,
        fields: carried({
          ...writerFields(writer),
          organizationId: event.organizationId,
          scope: gathering.hidden(comment.hiddenIn),
          text: textOf(comment),
          url: event.url ?? undefined,
          createdAt: comment.createdAt ?? undefined,
          inReplyTo: comment.parentId ?? undefined,
          resolvedBy: comment.resolvingCommentId,
          ...aboutFields(subjectOf(comment)),
          reactors: reactorsIn(comment.reactionData),
        }),
        links: contentLinks(comment, gathering),
      },
    ],
  })
  return gathering.drafts()
}

/** Comments on the text of a document or project name that text; such a text's comments are a document of their own. */
function placeOf(comment: Comment): Named | undefined {
  const { issueId, projectUpdateId, initiativeUpdateId, documentContentId, projectId, initiativeId } = comment
  if (issueId) return named("issue", issueId)
  if (projectUpdateId) return named("project_update", projectUpdateId)
  if (initiativeUpdateId) return named("initiative_update", initiativeUpdateId)
  if (documentContentId) return named("content", documentContentId)
  if (projectId) return named("project", projectId)
  return initiativeId ? named("initiative", initiativeId) : undefined
}

function subjectOf({ issue, projectUpdate, documentContent }: Comment): Partial<IssueChild> {
  if (issue) return issue
  const project = projectUpdate?.project ?? documentContent?.project
  return { title: documentContent?.document?.title ?? project?.name, url: project?.url }
}

function contentLinks({ documentContentId, documentContent, issueId }: Comment, gathering: Gathering) {
  if (!documentContentId || issueId || !documentContent) return {}
  const { document, project } = documentContent
  if (project) gathering.project(project)
  const to = document ? documentAlias(document.id) : project && projectAlias(project.id)
  return to ? { content: [link("PART_OF", to)] } : {}
}

/** A comment in the margin quotes what it is about. */
function textOf({ body, quotedText }: Comment): string | undefined {
  const text = textField(body)
  if (text === undefined || !quotedText?.trim()) return text
  return `${quotedText.trim().replace(/^/gm, "> ")}\n\n${text}`
}
