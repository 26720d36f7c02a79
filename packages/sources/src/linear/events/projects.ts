import { cutText } from "@engram/contracts/cut-text"
import type { MomentDraft, PartDraft } from "@engram/contracts/draft"
import type { Link } from "@engram/contracts/graph"
import { z } from "zod"
import { carried, link } from "../../claims.ts"
import { importance, isPlaceholder, participantsOf, severityOf } from "../../observe/importance.ts"
import { type Happening, moment } from "../../observe/moment.ts"
import { read } from "../../text/read.ts"
import { byActor, changed, claimOf, isRetold, type LinearEvent } from "../event.ts"
import { Gathering } from "../gather.ts"
import { initiativeAlias, milestoneAlias, named, projectAlias, teamAlias, userAlias } from "../names.ts"
import { edge, nameBeside, stated, textField, writerFields, writerOf } from "../parts.ts"
import { Project } from "../schemas.ts"
import { tagsOf } from "../tags.ts"

const InData = z.object({ data: Project })

export function readProject(event: LinearEvent) {
  const { data: project } = read(InData, event)
  const claim = claimOf(event, project)
  const gathering = new Gathering(event, claim.at)
  const scopes = (project.teamIds ?? []).map((id) => gathering.teamScope(id))
  gathering.project(project, project.slugId ?? undefined)
  gathering.document({
    ...named("project", project.id),
    parts: [{ ...projectBody(event, project, gathering), ...claim }],
  })
  // A project of one team is that team's; one of several is everybody's.
  const scope = (scopes.length === 1 ? scopes[0] : undefined) ?? gathering.organization
  for (const happened of claim.alive ? happenings(event, project) : [])
    gathering.moment(projectMoment(event, project, scope, happened))
  return gathering.drafts()
}

function projectBody(event: LinearEvent, project: Project, gathering: Gathering): Omit<PartDraft, "at" | "rank"> {
  const writer = writerOf({ userId: project.creatorId }, gathering)
  return {
    partId: "body",
    kind: "body",
    fields: carried({
      ...writerFields(writer),
      organizationId: event.organizationId,
      scope: gathering.hidden(project.hiddenIn),
      title: project.name,
      lead: project.description ?? undefined,
      text: textField(project.content),
      url: project.url ?? event.url ?? undefined,
      createdAt: project.createdAt ?? undefined,
      state: stateOf(project),
      status: project.status?.name ?? undefined,
      teamIds: project.teamIds ?? undefined,
      owner: nameBeside(project.leadId, project.lead?.name),
      health: project.health,
      startDate: project.startDate,
      targetDate: project.targetDate,
      milestones: project.milestones?.map(({ name, targetDate }) => [name, targetDate].filter(Boolean).join(", ")),
      archivedAt: project.archivedAt,
    }),
    links: {
      ...(writer && { author: [link("AUTHORED_BY", writer.alias)] }),
      ...projectLinks(project, gathering),
    },
  }
}

function projectMoment(event: LinearEvent, project: Project, scope: string, happened: Happened): MomentDraft {
  const { sourceId, alias } = named("project", project.id)
  return moment({
    kind: happened.kind,
    at: happened.at,
    documentSourceId: sourceId,
    thing: alias,
    scope,
    headline: `Project ${project.name} ${happened.words}${byActor(event, happened.by)}`,
    description: [project.description, textField(project.content)].filter(Boolean).join("\n\n"),
    importance: importance({
      base: happened.base,
      severity: severityOf([project.name]),
      participants: participantsOf(project.memberIds?.length ?? 0),
      reach: (project.teamIds?.length ?? 0) > 1 ? 1 : 0,
      trivial: isPlaceholder(project.name),
    }),
    tags: tagsOf("project", [project.name]),
    subjects: [
      ...(project.teamIds ?? []).slice(0, 20).map(teamAlias),
      project.leadId ? userAlias(project.leadId) : undefined,
      ...(project.initiatives ?? []).slice(0, 20).map(({ id }) => initiativeAlias(id)),
    ],
    url: project.url ?? event.url,
    retold: isRetold(event),
  })
}

const stateOf = ({ status, state }: Project) => status?.type ?? state ?? undefined

function projectLinks(project: Project, gathering: Gathering): { readonly [name: string]: readonly Link[] } {
  if (project.lead) gathering.account(project.lead)
  const self = projectAlias(project.id)
  const lists = {
    lead: edge(project.leadId ?? project.lead?.id ?? project.leadId, (id) => link("OWNED_BY", userAlias(id))),
    members: project.memberIds?.map((id) => link("MEMBER_OF", self, userAlias(id))),
    teams: project.teamIds?.map((id) => link("PART_OF", teamAlias(id))),
    initiatives: project.initiatives?.map((initiative) => link("PART_OF", gathering.initiative(initiative))),
    milestones: project.milestones?.map((milestone) => {
      gathering.milestone(milestone)
      return link("PART_OF", self, milestoneAlias(milestone.id))
    }),
  }
  return stated(lists)
}

type Happened = Pick<Happening, "kind" | "at"> & {
  readonly words: string
  readonly base: number
  readonly by?: Project["creator"]
}

const moves: { readonly [state: string]: readonly [kind: string, words: string, base: number] } = {
  started: ["started", "was started", 0.35],
  paused: ["paused", "was paused", 0.35],
  completed: ["completed", "was completed", 0.5],
  canceled: ["canceled", "was canceled", 0.45],
}

function happenings(event: LinearEvent, project: Project): Happened[] {
  const { createdAt: at, updatedFrom } = event
  const by = project.creator
  const opened: Happened = { kind: "opened", words: "was set up", at: project.createdAt ?? at, base: 0.35, by }
  if (event.action === "create") return [opened]
  const moved = movedTo(project)
  if (isRetold(event)) return moved?.at ? [opened, { ...moved, at: moved.at }] : [opened]
  const found: Happened[] = []
  if (moved && (changed(event, "statusId") || changed(event, "state"))) found.push({ ...moved, at: moved.at ?? at })
  if (changed(event, "targetDate") && typeof updatedFrom.targetDate === "string") {
    const words = project.targetDate
      ? `has a new target date: ${project.targetDate} instead of ${cutText(updatedFrom.targetDate, 40)}`
      : `has no target date any more; it was ${cutText(updatedFrom.targetDate, 40)}`
    found.push({ kind: "rescheduled", words, at, base: 0.35 })
  }
  return found
}

function movedTo(project: Project) {
  const move = moves[stateOf(project) ?? ""]
  if (!move) return undefined
  const [kind, words, base] = move
  const times: { [kind: string]: number | null | undefined } = {
    started: project.startedAt,
    completed: project.completedAt,
    canceled: project.canceledAt,
  }
  return { kind, words, base, at: times[kind] }
}
