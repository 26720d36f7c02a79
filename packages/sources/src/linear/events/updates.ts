import type { MomentDraft } from "@engram/contracts/draft"
import type { AliasRef } from "@engram/contracts/graph"
import { z } from "zod"
import { carried, link } from "../../claims.ts"
import { importance, isPlaceholder } from "../../observe/importance.ts"
import { moment } from "../../observe/moment.ts"
import { read } from "../../text/read.ts"
import { changed, claimOf, isRetold, type LinearEvent } from "../event.ts"
import { Gathering } from "../gather.ts"
import { initiativeAlias, type Named, named, projectAlias, userAlias } from "../names.ts"
import { reactorsIn, textField, writerFields, writerOf } from "../parts.ts"
import { type NamedThing, Update } from "../schemas.ts"
import { tagsOf } from "../tags.ts"

const ProjectUpdate = z.object({ data: Update.extend({ projectId: z.string().min(1) }) })
const InitiativeUpdate = z.object({ data: Update.extend({ initiativeId: z.string().min(1) }) })

/** An update is a document of its own: it has an author, a health, comments and a date, and the next one does not replace it. */
export function readProjectUpdate(event: LinearEvent) {
  const { data: update } = read(ProjectUpdate, event)
  return readUpdate(event, update, named("project_update", update.id), {
    kind: "Project",
    alias: projectAlias(update.projectId),
    thing: update.project,
  })
}

export function readInitiativeUpdate(event: LinearEvent) {
  const { data: update } = read(InitiativeUpdate, event)
  return readUpdate(event, update, named("initiative_update", update.id), {
    kind: "Initiative",
    alias: initiativeAlias(update.initiativeId),
    thing: update.initiative,
  })
}

interface Subject {
  readonly kind: "Project" | "Initiative"
  readonly alias: AliasRef
  readonly thing: NamedThing | null | undefined
}

function readUpdate(event: LinearEvent, update: Update, document: Named, subject: Subject) {
  const claim = claimOf(event, update)
  const gathering = new Gathering(event, claim.at)
  if (subject.thing && subject.kind === "Project") gathering.project(subject.thing)
  if (subject.thing && subject.kind === "Initiative") gathering.initiative(subject.thing)
  const writer = writerOf(update, gathering)
  const name = subject.thing?.name ?? undefined
  gathering.document({
    ...document,
    parts: [
      {
        partId: "body",
        kind: "body",
        ...claim,
        fields: carried({
          ...writerFields(writer),
          organizationId: event.organizationId,
          scope: gathering.hidden(update.hiddenIn),
          title: name && `Update on ${name}`,
          subject: name,
          text: textField(update.body),
          url: update.url ?? event.url ?? undefined,
          createdAt: update.createdAt ?? undefined,
          state: update.health ?? undefined,
          health: update.health ?? undefined,
          archivedAt: update.archivedAt,
          reactors: reactorsIn(update.reactionData),
        }),
        links: {
          ...(writer && { author: [link("AUTHORED_BY", writer.alias)] }),
          subject: [link("PART_OF", subject.alias)],
        },
      },
    ],
  })
  if (claim.alive && isNews(event, update)) gathering.moment(healthMoment(event, update, document, subject, gathering))
  return gathering.drafts()
}

/** The health of an update that was edited may have been another one when it was written: the API does not say. */
function isNews(event: LinearEvent, update: Update): boolean {
  if (isRetold(event)) return !wasEdited(update)
  return event.action === "create" || changed(event, "health")
}

const wasEdited = ({ createdAt, editedAt }: Update) => Boolean(editedAt && createdAt && editedAt > createdAt)

const healths: { readonly [health: string]: readonly [kind: string, words: string, base: number] } = {
  onTrack: ["on_track", "is on track", 0.3],
  atRisk: ["at_risk", "is at risk", 0.5],
  offTrack: ["off_track", "is off track", 0.6],
}

function healthMoment(
  event: LinearEvent,
  update: Update,
  { sourceId, alias }: Named,
  subject: Subject,
  gathering: Gathering,
): MomentDraft {
  const name = subject.thing?.name ?? ""
  const [kind, words, base] = healths[update.health ?? ""] ?? ["reported", "was reported on", 0.3]
  return moment({
    kind,
    at: event.action === "update" ? event.createdAt : (update.createdAt ?? event.createdAt),
    documentSourceId: sourceId,
    thing: alias,
    scope: gathering.organization,
    headline: `${subject.kind} ${name} ${words}`.replace("  ", " "),
    description: textField(update.body),
    importance: importance({
      base,
      reach: subject.kind === "Initiative" ? 1 : 0,
      trivial: isPlaceholder(update.body ?? ""),
    }),
    tags: tagsOf(subject.kind.toLowerCase(), [name]),
    subjects: [subject.alias, update.userId ? userAlias(update.userId) : undefined],
    url: update.url ?? event.url,
    retold: isRetold(event),
  })
}
