import type { MomentDraft } from "@engram/contracts/draft"
import { z } from "zod"
import { carried, link } from "../../claims.ts"
import { importance, isPlaceholder } from "../../observe/importance.ts"
import { moment } from "../../observe/moment.ts"
import { read } from "../../text/read.ts"
import { byActor, claimOf, isRetold, type LinearEvent } from "../event.ts"
import { Gathering } from "../gather.ts"
import { documentSlugAlias, initiativeAlias, issueAlias, named, projectAlias, slugOf, userAlias } from "../names.ts"
import { edge, nameBeside, stated, textField, writerFields, writerOf } from "../parts.ts"
import { Document } from "../schemas.ts"
import { tagsOf } from "../tags.ts"

const InData = z.object({ data: Document })

export function readDocument(event: LinearEvent) {
  const { data: document } = read(InData, event)
  const claim = claimOf(event, document)
  const gathering = new Gathering(event, claim.at)
  const address = document.url ?? event.url ?? undefined
  const slug = document.slugId ?? slugOf(address)
  const place = named("document", document.id)
  gathering.entity({
    kind: "thing",
    alias: place.alias,
    aliases: slug ? [documentSlugAlias(slug)] : [],
    fields: carried({ title: document.title, url: address }),
  })
  const writer = writerOf({ user: document.creator, userId: document.creatorId }, gathering)
  gathering.document({
    ...place,
    parts: [
      {
        partId: "body",
        kind: "body",
        ...claim,
        fields: carried({
          ...writerFields(writer),
          organizationId: event.organizationId,
          scope: gathering.hidden(document.hiddenIn),
          title: document.title,
          text: textField(document.content),
          url: address,
          createdAt: document.createdAt ?? undefined,
          project: nameBeside(document.projectId, document.project?.name),
          archivedAt: document.archivedAt,
        }),
        links: {
          ...(writer && { author: [link("AUTHORED_BY", writer.alias)] }),
          ...documentLinks(document, gathering),
        },
      },
    ],
  })
  // Linear makes a document before anything is written in it: an empty one is no news.
  if (claim.alive && (event.action === "create" || isRetold(event)) && document.content?.trim())
    gathering.moment(writtenMoment(event, document, gathering.organization))
  return gathering.drafts()
}

function documentLinks(document: Document, gathering: Gathering) {
  if (document.project) gathering.project(document.project)
  if (document.initiative) gathering.initiative(document.initiative)
  return stated({
    project: edge(document.projectId, (id) => link("PART_OF", projectAlias(id))),
    initiative: edge(document.initiativeId, (id) => link("PART_OF", initiativeAlias(id))),
    issue: edge(document.issueId, (id) => link("PART_OF", issueAlias(id))),
  })
}

function writtenMoment(event: LinearEvent, document: Document, scope: string): MomentDraft {
  const tags = tagsOf("document", [document.title])
  const { sourceId, alias } = named("document", document.id)
  return moment({
    kind: "opened",
    at: document.createdAt ?? event.createdAt,
    documentSourceId: sourceId,
    thing: alias,
    scope,
    headline: `Document written${byActor(event, document.creator)}: ${document.title}`,
    description: textField(document.content),
    importance: importance({
      base: 0.3,
      linked: tags.includes("incident") ? 1 : 0,
      trivial: isPlaceholder(document.title) || isPlaceholder(document.content ?? ""),
    }),
    tags,
    subjects: [
      document.creatorId ? userAlias(document.creatorId) : undefined,
      document.projectId ? projectAlias(document.projectId) : undefined,
    ],
    url: document.url ?? event.url,
    retold: isRetold(event),
  })
}
