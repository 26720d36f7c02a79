import type { Link } from "@engram/contracts/graph"
import { z } from "zod"
import { carried, link } from "../../claims.ts"
import { importance, isPlaceholder } from "../../observe/importance.ts"
import { type Happening, moment } from "../../observe/moment.ts"
import { read } from "../../text/read.ts"
import { byActor, changed, claimOf, isRetold, type LinearEvent } from "../event.ts"
import { Gathering } from "../gather.ts"
import { initiativeAlias, named, userAlias } from "../names.ts"
import { edge, nameBeside, stated, textField, writerFields, writerOf } from "../parts.ts"
import { Initiative } from "../schemas.ts"
import { tagsOf } from "../tags.ts"

const InData = z.object({ data: Initiative })

export function readInitiative(event: LinearEvent) {
  const { data: initiative } = read(InData, event)
  const claim = claimOf(event, initiative)
  const gathering = new Gathering(event, claim.at)
  gathering.initiative(initiative, initiative.slugId ?? undefined)
  const writer = writerOf({ user: initiative.creator, userId: initiative.creatorId }, gathering)
  const { sourceId, alias } = named("initiative", initiative.id)
  gathering.document({
    sourceId,
    alias,
    parts: [
      {
        partId: "body",
        kind: "body",
        ...claim,
        fields: carried({
          ...writerFields(writer),
          organizationId: event.organizationId,
          scope: gathering.hidden(initiative.hiddenIn),
          title: initiative.name,
          lead: initiative.description ?? undefined,
          text: textField(initiative.content),
          url: initiative.url ?? event.url ?? undefined,
          createdAt: initiative.createdAt ?? undefined,
          state: initiative.status?.toLowerCase(),
          owner: nameBeside(initiative.ownerId, initiative.owner?.name),
          health: initiative.health,
          targetDate: initiative.targetDate,
          projects: initiative.projects?.flatMap(({ name }) => name ?? []),
          archivedAt: initiative.archivedAt,
        }),
        links: {
          ...(writer && { author: [link("AUTHORED_BY", writer.alias)] }),
          ...initiativeLinks(initiative, gathering),
        },
      },
    ],
  })
  for (const happened of claim.alive ? happenings(event, initiative) : [])
    gathering.moment(
      moment({
        kind: happened.kind,
        at: happened.at,
        documentSourceId: sourceId,
        thing: alias,
        scope: gathering.organization,
        headline: `Initiative ${initiative.name} ${happened.words}${byActor(event, happened.by)}`,
        description: initiative.description,
        importance: importance({ base: happened.base, reach: 1, trivial: isPlaceholder(initiative.name) }),
        tags: tagsOf("initiative", [initiative.name]),
        subjects: [initiative.ownerId ? userAlias(initiative.ownerId) : undefined],
        url: initiative.url ?? event.url,
        retold: isRetold(event),
      }),
    )
  return gathering.drafts()
}

function initiativeLinks(initiative: Initiative, gathering: Gathering): { readonly [name: string]: readonly Link[] } {
  if (initiative.owner) gathering.account(initiative.owner)
  const self = initiativeAlias(initiative.id)
  const parents =
    initiative.parentInitiatives ?? (initiative.parentInitiative ? [initiative.parentInitiative] : undefined)
  const lists = {
    owner: edge(initiative.ownerId ?? initiative.owner?.id ?? initiative.ownerId, (id) =>
      link("OWNED_BY", userAlias(id)),
    ),
    projects: initiative.projects?.map((project) => link("PART_OF", self, gathering.project(project))),
    parents: parents?.map((parent) => link("PART_OF", gathering.initiative(parent))),
  }
  return stated(lists)
}

const moves: { readonly [status: string]: readonly [kind: string, words: string, base: number] } = {
  active: ["started", "became active", 0.4],
  completed: ["completed", "was completed", 0.5],
  canceled: ["canceled", "was canceled", 0.45],
}

type Happened = Pick<Happening, "kind" | "at"> & {
  readonly words: string
  readonly base: number
  readonly by?: Initiative["creator"]
}

function happenings(event: LinearEvent, initiative: Initiative): Happened[] {
  const { createdAt } = event
  const by = initiative.creator
  const opened = { kind: "opened", words: "was set up", at: initiative.createdAt ?? createdAt, base: 0.4, by }
  if (event.action === "create") return [opened]
  const moved = movedTo(initiative)
  if (isRetold(event)) return moved?.at ? [opened, { ...moved, at: moved.at }] : [opened]
  return moved && changed(event, "status") ? [{ ...moved, at: moved.at ?? createdAt }] : []
}

function movedTo(initiative: Initiative) {
  const move = moves[initiative.status?.toLowerCase() ?? ""]
  if (!move) return undefined
  const [kind, words, base] = move
  const times: { [kind: string]: number | null | undefined } = {
    started: initiative.startedAt,
    completed: initiative.completedAt,
    canceled: initiative.canceledAt,
  }
  return { kind, words, base, at: times[kind] }
}
