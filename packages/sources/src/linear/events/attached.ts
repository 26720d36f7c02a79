import type { PartDraft } from "@engram/contracts/draft"
import type { AliasRef, Link } from "@engram/contracts/graph"
import type { JsonObject } from "@engram/contracts/json"
import { z } from "zod"
import { carried, link } from "../../claims.ts"
import { shownAt } from "../../text/addresses.ts"
import { read } from "../../text/read.ts"
import { claimOf, type LinearEvent, skipped } from "../event.ts"
import { Gathering } from "../gather.ts"
import { type Named, named } from "../names.ts"
import { aboutFields } from "../parts.ts"
import { Attachment, Reaction } from "../schemas.ts"

/** Small things that hang on another: attachments and reactions. Each is a part of that thing's document. */

const Attachments = z.object({ data: Attachment })

/** A pull request, a Slack thread, a file. What it links to is an edge, and its title can be searched for. */
export function readAttachment(event: LinearEvent) {
  const { data: attachment } = read(Attachments, event)
  const claim = claimOf(event, attachment)
  const gathering = new Gathering(event, claim.at)
  const { sourceId, alias } = named("issue", attachment.issueId)
  const title = attachment.title?.trim() || attachment.url
  gathering.document({
    sourceId,
    alias,
    parts: [
      {
        partId: `attachment:${attachment.id}`,
        kind: "attachment",
        ...claim,
        fields: carried({
          organizationId: event.organizationId,
          title,
          text: [`[${title.replace(/[[\]]/g, "")}](${attachment.url})`, attachment.subtitle].filter(Boolean).join("\n"),
          url: attachment.url,
          createdAt: attachment.createdAt ?? undefined,
          sourceType: attachment.sourceType ?? undefined,
        }),
        links: { attached: attachedTo(attachment, alias) },
      },
    ],
  })
  return gathering.drafts()
}

/** What Linear's GitHub integration says of a pull request: which one, and whether merging it closes the issue. */
function attachedTo({ metadata, url }: Attachment, issue: AliasRef): Link[] {
  const { linkKind } = (typeof metadata === "object" && metadata !== null ? metadata : {}) as JsonObject
  const to = shownAt(url)
  if (!to) return []
  return linkKind === "closes" ? [link("RESOLVES", issue, to)] : [link("REFERENCES", to)]
}

const Reactions = z.object({ data: Reaction })

/** A reaction counts for who takes part. On a comment, the comment's own events carry the count. */
export function readReaction(event: LinearEvent) {
  const { data: reaction } = read(Reactions, event)
  const document = reactedTo(reaction)
  if (!document) return skipped("A reaction to a comment is counted by the comment's own events.")
  const claim = claimOf(event, reaction)
  const gathering = new Gathering(event, claim.at)
  if (reaction.issue) gathering.issue(reaction.issue)
  if (reaction.user) gathering.account(reaction.user)
  const about = reaction.issue ?? { title: reaction.projectUpdate?.project?.name }
  // Of a thing whose name it does not know, a reaction alone would make a document without words.
  const silent = claim.alive === true && !about.title
  const part: PartDraft = {
    partId: `reaction:${reaction.id}`,
    kind: "reaction",
    ...(silent ? { at: claim.at, rank: claim.rank } : claim),
    fields: carried({
      organizationId: event.organizationId,
      authorAlias: reaction.userId ? ["linear:user", reaction.userId] : undefined,
      emoji: reaction.emoji,
      createdAt: reaction.createdAt ?? undefined,
      ...aboutFields(about),
    }),
    links: {},
  }
  gathering.document({ ...document, parts: [part] })
  return gathering.drafts()
}

function reactedTo({ issueId, projectUpdateId, initiativeUpdateId }: Reaction): Named | undefined {
  if (issueId) return named("issue", issueId)
  if (projectUpdateId) return named("project_update", projectUpdateId)
  return initiativeUpdateId ? named("initiative_update", initiativeUpdateId) : undefined
}
