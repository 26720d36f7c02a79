import type { MomentDraft, PartDraft } from "@engram/contracts/draft"
import type { Link } from "@engram/contracts/graph"
import { z } from "zod"
import { carried, link } from "../../claims.ts"
import { importance, isPlaceholder, isRoutine, participantsOf, severityOf } from "../../observe/importance.ts"
import { acceptance, type Happening, moment } from "../../observe/moment.ts"
import { read } from "../../text/read.ts"
import { byActor, changed, claimOf, isRetold, type LinearEvent } from "../event.ts"
import { Gathering } from "../gather.ts"
import { cycleAlias, issueAlias, keyOf, milestoneAlias, named, projectAlias, teamAlias, userAlias } from "../names.ts"
import { edge, nameBeside, reactorsIn, stated, textField, writerFields, writerOf } from "../parts.ts"
import { Issue } from "../schemas.ts"
import { tagsOf } from "../tags.ts"

const InData = z.object({ data: Issue })

export function readIssue(event: LinearEvent) {
  const { data: issue } = read(InData, event)
  const claim = claimOf(event, issue)
  const gathering = new Gathering(event, claim.at)
  const scope = scopeOf(issue, gathering)
  const key = issueKey(issue, event.url)
  const document = named("issue", issue.id)
  gathering.issue(issue, { key, earlierKeys: issue.previousIdentifiers ?? [] })
  const body = issueBody(event, issue, key, gathering)
  gathering.document({ ...document, parts: [{ ...body, ...claim }] })
  for (const happened of claim.alive ? happenings(event, issue) : [])
    gathering.moment(issueMoment({ event, issue, key, scope, happened, gathering }))
  return gathering.drafts()
}

function scopeOf({ team, teamId }: Issue, gathering: Gathering): string {
  if (team) return gathering.team(team)
  return teamId ? gathering.teamScope(teamId) : gathering.organization
}

/** Payloads of 2021 have no identifier, but a team and a number; removals of that time have only the number. */
function issueKey({ identifier, team, number, url }: Issue, address: string | null | undefined): string | undefined {
  if (identifier) return identifier
  return keyOf(url ?? address) ?? (team && typeof number === "number" ? `${team.key}-${number}` : undefined)
}

function issueBody(
  event: LinearEvent,
  issue: Issue,
  key: string | undefined,
  gathering: Gathering,
): Omit<PartDraft, "at" | "rank"> {
  const writer = writerOf(
    { user: issue.creator, userId: issue.creatorId, externalUser: issue.externalUserCreator, botActor: issue.botActor },
    gathering,
  )
  return {
    partId: "body",
    kind: "body",
    fields: carried({
      ...writerFields(writer),
      organizationId: event.organizationId,
      key,
      title: issue.title,
      text: textField(issue.description),
      url: issue.url ?? event.url ?? undefined,
      createdAt: issue.createdAt ?? undefined,
      ...standing(issue),
      priority: issue.priority ?? undefined,
      priorityLabel: issue.priorityLabel ?? undefined,
      assignee: nameBeside(issue.assigneeId, issue.assignee?.name),
      project: nameBeside(issue.projectId, issue.project?.name),
      cycle: nameBeside(issue.cycleId, nameOfCycle(issue)),
      milestone: nameBeside(issue.projectMilestoneId, issue.projectMilestone?.name),
      estimate: issue.estimate,
      dueDate: issue.dueDate,
      completedAt: issue.completedAt,
      canceledAt: issue.canceledAt,
      archivedAt: issue.archivedAt,
      reactors: reactorsIn(issue.reactionData),
    }),
    links: { ...(writer && { author: [link("AUTHORED_BY", writer.alias)] }), ...issueLinks(issue, gathering) },
  }
}

const standing = ({ state, teamId, team, labels }: Issue) => ({
  state: state?.type ?? undefined,
  status: state?.name ?? undefined,
  teamId: teamId ?? team?.id,
  team: team?.name ?? undefined,
  labels: labels?.map(({ name }) => name),
})

function nameOfCycle({ cycle }: Issue): string | undefined {
  return cycle?.name ?? (typeof cycle?.number === "number" ? `Cycle ${cycle.number}` : undefined)
}

/** A list for each id the payload carries: null ends what was there, absent says nothing. */
function issueLinks(issue: Issue, gathering: Gathering): { readonly [name: string]: readonly Link[] } {
  for (const user of [issue.assignee, issue.delegate]) if (user) gathering.account(user)
  if (issue.project) gathering.project(issue.project)
  if (issue.projectMilestone) gathering.milestone(issue.projectMilestone)
  for (const label of issue.labels ?? []) gathering.label(label)
  const lists = {
    assignees: edge(issue.assigneeId ?? issue.assignee?.id ?? issue.assigneeId, (id) =>
      link("ASSIGNED_TO", userAlias(id)),
    ),
    delegates: edge(issue.delegateId, (id) => link("ASSIGNED_TO", userAlias(id))),
    team: edge(issue.teamId ?? issue.team?.id, (id) => link("PART_OF", teamAlias(id))),
    parent: edge(issue.parentId, (id) => link("PART_OF", issueAlias(id))),
    project: edge(issue.projectId, (id) => link("PART_OF", projectAlias(id))),
    cycle: edge(issue.cycleId, (id) => link("PART_OF", cycleAlias(id))),
    milestone: edge(issue.projectMilestoneId, (id) => link("PART_OF", milestoneAlias(id))),
  }
  return stated(lists)
}

type Happened = Pick<Happening, "kind" | "at"> & {
  readonly words: string
  readonly base: number
  readonly tags?: readonly string[]
  /** Told, and not worth being found before anything else. */
  readonly minor?: true
  readonly by?: { readonly name?: string | null | undefined } | null | undefined
}

/** What a person would tell of the event; most updates are none of it. */
function happenings(event: LinearEvent, issue: Issue): Happened[] {
  const { createdAt: at } = event
  const by = issue.creator ?? issue.externalUserCreator
  const opened: Happened = { kind: "opened", words: "opened", at: issue.createdAt ?? at, base: 0.3, by }
  if (event.action === "create") return [opened]
  if (isRetold(event)) return [opened, ...ended(event, issue)]
  const found: Happened[] = []
  const moved = changed(event, "stateId") ? movedTo(event, issue) : undefined
  if (moved) found.push(moved)
  if (changed(event, "priority") && issue.priority === 1)
    found.push({ kind: "urgent", words: "became urgent", at, base: 0.2 })
  if (becameBlocked(event, issue))
    found.push({ kind: "blocked", words: "was marked as blocked", at, base: 0.35, tags: ["blocked"] })
  if (changed(event, "assigneeId") && event.updatedFrom.assigneeId && issue.assigneeId)
    found.push({
      kind: "reassigned",
      words: `handed over to ${issue.assignee?.name ?? "somebody else"}`,
      at,
      base: 0.1,
      minor: true,
    })
  return found
}

/** How it ended, where it says when. */
function ended(event: LinearEvent, issue: Issue): Happened[] {
  const moved = issue.completedAt || issue.canceledAt ? movedTo(event, issue) : undefined
  return moved ? [moved] : []
}

function movedTo(event: LinearEvent, issue: Issue): Happened | undefined {
  const { createdAt: at } = event
  switch (issue.state?.type) {
    case "completed":
      return {
        kind: "completed",
        words: `moved to ${issue.state.name ?? "done"}`,
        at: issue.completedAt ?? at,
        base: 0.4,
      }
    case "canceled":
      return {
        kind: "canceled",
        words: `moved to ${issue.state.name ?? "canceled"}`,
        at: issue.canceledAt ?? at,
        base: 0.3,
      }
    case "duplicate":
      return { kind: "duplicate", words: "closed as a duplicate", at: issue.canceledAt ?? at, base: 0.15 }
  }
  const wasOver = changed(event, "completedAt") || changed(event, "canceledAt")
  return wasOver ? { kind: "reopened", words: "reopened", at, base: 0.3 } : undefined
}

const blocked = /\bblocked\b/i

/** Linear tells blockers as relations, which its webhooks leave out; teams also say so by a label or a state. */
function becameBlocked(event: LinearEvent, issue: Issue): boolean {
  if (changed(event, "stateId") && blocked.test(issue.state?.name ?? "")) return true
  const before = event.updatedFrom.labelIds
  if (!changed(event, "labelIds") || !Array.isArray(before)) return false
  return (issue.labels ?? []).some(({ id, name }) => blocked.test(name) && !before.includes(id))
}

/** Linear's priorities: 1 is urgent, 4 is low, 0 is none. */
const severityOfPriority = [0, 1, 0.5, 0.2, 0]

export const issueSeverity = (title: string, labels: readonly string[], priority: number | null | undefined) =>
  Math.max(severityOf([title, ...labels]), severityOfPriority[priority ?? 0] ?? 0)

function issueMoment(told: {
  readonly event: LinearEvent
  readonly issue: Issue
  readonly key: string | undefined
  readonly scope: string
  readonly happened: Happened
  readonly gathering: Gathering
}): MomentDraft {
  const { event, issue, key, scope, happened } = told
  const { words, base, tags: more = [], minor = false, by, ...identity } = happened
  const labels = (issue.labels ?? []).map(({ name }) => name)
  const tags = [...new Set([...tagsOf("issue", [issue.title, ...labels]), ...more])]
  const people = new Set([issue.creatorId, issue.assigneeId, issue.delegateId].filter(Boolean))
  const { sourceId, alias } = named("issue", issue.id)
  return moment({
    ...identity,
    documentSourceId: sourceId,
    thing: alias,
    scope,
    headline: `Issue ${key ?? ""} ${words}${byActor(event, by)}: ${issue.title}`.replace("  ", " "),
    description: textField(issue.description),
    evidence: [acceptance(issue.description ?? "")].filter(Boolean),
    importance: importance({
      base,
      severity: issueSeverity(issue.title, labels, issue.priority),
      participants: participantsOf(people.size - 1),
      linked: tags.includes("incident") ? 1 : 0,
      reach: issue.projectId ? 0.5 : 0,
      trivial:
        minor || isPlaceholder(issue.title) || isRoutine(issue.title, !issue.creatorId && Boolean(issue.botActor)),
    }),
    tags,
    subjects: [
      issue.teamId ? teamAlias(issue.teamId) : undefined,
      issue.assigneeId ? userAlias(issue.assigneeId) : undefined,
      issue.projectId ? projectAlias(issue.projectId) : undefined,
    ],
    url: issue.url ?? event.url,
    retold: isRetold(event),
  })
}
