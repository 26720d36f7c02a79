import type { LinearObject, LinearServer } from "@engram/testkit/linear-server"
import { linearPayloads } from "./examples.ts"
import type { Payload } from "./workbench.ts"

const payload = (name: string): Payload => linearPayloads.find(({ key }) => key === `linear-${name}.json`)!
const dataOf = (name: string): LinearObject => (payload(name).payload as { data: LinearObject }).data
const urlOf = (name: string): string | undefined => (payload(name).payload as { url?: string }).url

/** Things that were made and never changed since: what their webhooks said is what the API says. */
const constant = {
  user: ["user-create"],
  label: ["issue_label-create"],
  project: ["project-create"],
  projectUpdate: ["project_update-create"],
  initiative: ["initiative-create"],
  initiativeUpdate: ["initiative_update-create"],
  cycle: ["cycle-create"],
  document: ["document-create-written"],
  issue: ["issue-create", "issue-create-idea", "issue-create-by-customer"],
  comment: ["comment-create", "comment-create-reply", "comment-create-on-project-update", "comment-create-on-document"],
  relation: ["issue_relation-create-blocks"],
  attachment: ["attachment-create-pull-request"],
  reaction: ["reaction-create"],
}

export const linearWebhooks: readonly Payload[] = Object.values(constant).flat().map(payload)
export const engineering = { id: "5b083897-adf3-550c-8e52-47354310f675", key: "ENG", name: "Engineering" }

const day = "2025-05-01T09:00:00.000Z"
const teamOf = (team: LinearObject): LinearObject => ({
  ...{ createdAt: day, updatedAt: day, private: false, visibility: "public" },
  ...team,
})

const teams = new Map<string, LinearObject>()
const users = new Map<string, LinearObject>()

/** Members and teams as the API has them, the same object wherever they are named. */
function team(named: LinearObject): LinearObject {
  // Lists are told from the newest on: the first that a webhook names is the newest.
  const createdAt = `2025-05-01T09:00:${String(59 - teams.size)}.000Z`
  if (!teams.has(named.id)) teams.set(named.id, { ...teamOf(named), createdAt })
  return teams.get(named.id)!
}

function user(named: LinearObject | null | undefined): LinearObject | null {
  if (!named) return null
  const known = { createdAt: day, updatedAt: day, app: false, active: true, guest: false }
  if (!users.has(named.id)) users.set(named.id, { ...known, displayName: handleOf(named), ...named })
  return users.get(named.id)!
}

const handleOf = ({ url, name }: LinearObject): string => url?.split("/profiles/")[1] ?? name
const people = (id: string | null | undefined): LinearObject | null => (id ? (users.get(id) ?? null) : null)

/** The workspace of these webhooks as Linear's API shows it afterwards. */
export function fillLinear({ things }: Pick<LinearServer, "things">): void {
  teams.clear()
  users.clear()
  for (const name of constant.user) user(dataOf(name))
  team(engineering)
  for (const { creator, lead, owner, user: writer, assignee, team: of } of linearWebhooks.map(
    ({ payload }) => (payload as { data: LinearObject }).data,
  )) {
    for (const each of [creator, lead, owner, writer, assignee]) user(each)
    if (of) team(of)
  }
  const project = projectOf("project-create")
  const initiative = initiativeOf("initiative-create")
  project.initiatives = [initiative]
  const issues = new Map(constant.issue.map((name) => [dataOf(name).id, issueOf(name, project)]))
  for (const name of constant.reaction) {
    const reaction = { ...dataOf(name), user: user(dataOf(name).user) }
    issues.get(dataOf(name).issueId)!.reactions.push(reaction)
  }
  const issueBeside = (child: LinearObject | null | undefined) =>
    child ? (issues.get(child.id) ?? { ...child, team: team(child.team) }) : null
  const updates: LinearObject[] = constant.projectUpdate.map((name) => ({ ...updateOf(name), project }))
  const lists: { readonly [type: string]: LinearObject[] } = {
    Team: [...teams.values()],
    IssueLabel: constant.label.map((name) => ({ ...dataOf(name), team: null, parent: null })),
    Project: [project],
    ProjectUpdate: updates,
    Initiative: [initiative],
    InitiativeUpdate: constant.initiativeUpdate.map((name) => ({ ...updateOf(name), initiative })),
    Cycle: constant.cycle.map((name) => ({ ...dataOf(name), team: teams.get(dataOf(name).teamId) })),
    Document: constant.document.map((name) => ({
      ...dataOf(name),
      ...{ url: urlOf(name), creator: people(dataOf(name).creatorId), project: null, initiative },
    })),
    Issue: [...issues.values()],
    Comment: constant.comment.map((name) => {
      const data = dataOf(name)
      const beside = { issue: issueBeside(data.issue), user: user(data.user), url: urlOf(name) }
      const update = updates.find(({ id }) => id === data.projectUpdateId) ?? null
      const inContent = data.documentContent?.document
      const documentContent = inContent ? { document: { ...inContent, project }, project: null } : null
      return { ...data, ...beside, projectUpdate: update, documentContent, reactionData: data.reactionData ?? [] }
    }),
    IssueRelation: constant.relation.map((name) => {
      const data = dataOf(name)
      return { ...data, issue: issueBeside(data.issue), relatedIssue: issueBeside(data.relatedIssue) }
    }),
    Attachment: constant.attachment.map((name) => ({
      ...dataOf(name),
      ...{ issue: issues.get(dataOf(name).issueId), creator: people(dataOf(name).creatorId) },
    })),
    User: [...users.values()],
  }
  for (const [type, list] of Object.entries(lists)) things.set(type, list)
}

const updateOf = (name: string): LinearObject => ({ ...dataOf(name), user: user(dataOf(name).user), reactions: [] })

function projectOf(name: string): LinearObject {
  const data = dataOf(name)
  const known = { creator: people(data.creatorId), lead: user(data.lead), projectMilestones: data.milestones }
  const members = data.memberIds.map((id: string) => people(id)).filter(Boolean)
  const teamsOf = data.teamIds.map((id: string) => team({ id, key: "OPS", name: "Operations" }))
  return { ...data, ...known, members, teams: teamsOf }
}

function initiativeOf(name: string): LinearObject {
  const data = dataOf(name)
  const shown = { visibility: "public", projects: [], parentInitiatives: [] }
  return { ...data, creator: user(data.creator), owner: user(data.owner), ...shown }
}

function issueOf(name: string, project: LinearObject): LinearObject {
  const data = dataOf(name)
  const bot = typeof data.botActor === "string" ? JSON.parse(data.botActor) : data.botActor
  const external = data.externalUserCreator
  return {
    ...data,
    ...{ team: team(data.team), creator: user(data.creator), assignee: user(data.assignee), reactions: [] },
    labels: (data.labels ?? []).map((label: LinearObject) => ({ ...label, parent: null })),
    ...{ project: data.project?.id === project.id ? project : null, botActor: bot ?? null },
    ...(external
      ? { externalUserCreator: { displayName: external.name, createdAt: day, updatedAt: day, ...external } }
      : {}),
    ...{ previousIdentifiers: data.previousIdentifiers ?? [], reactionData: data.reactionData ?? [] },
  }
}
