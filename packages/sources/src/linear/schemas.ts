import { z } from "zod"

/**
 * What Engram reads of Linear's payloads. Fields that are not named here pass unread, text is never refused for its length,
 * and only what a draft cannot do without is required: recorded payloads of 2021 and 2023 carry much less than the types
 * that Linear publishes today, and removals carry no child objects at all.
 */

/** ISO text, read as ms. */
const Time = z.string().transform((value, context) => {
  const ms = Date.parse(value)
  if (Number.isFinite(ms)) return ms
  context.addIssue({ code: "custom", message: `${JSON.stringify(value.slice(0, 100))} is not a time` })
  return z.NEVER
})
const time = Time.nullish()
const text = z.string().nullish()
const id = z.string().min(1)
const idOrNone = id.nullish()
const count = z.number().nullish()
const flag = z.boolean().nullish()

/** Who did it: a person, an integration or an app. Only read for its name. */
const Actor = z.object({ id: idOrNone, type: text, name: text, email: text, url: text, service: text })
export type Actor = z.infer<typeof Actor>

export const Envelope = z.object({
  action: z.string(),
  createdAt: Time,
  organizationId: id,
  url: text,
  actor: Actor.nullish().catch(null),
  /** Earlier values of what changed; payloads of 2021 also list what did not. */
  updatedFrom: z.record(z.string(), z.unknown()).nullish(),
  data: z.record(z.string(), z.unknown()),
})

/** What an import says of a thing that not the whole workspace may see; null for one that it may. Webhooks say neither. */
const HiddenIn = z.object({ kind: z.enum(["team", "project", "initiative"]), id, name: text })
export type HiddenIn = z.infer<typeof HiddenIn>

/** What all of Linear's things have. */
const Node = z.object({
  id,
  createdAt: time,
  updatedAt: time,
  archivedAt: time,
  trashed: flag,
  autoArchivedAt: time,
  hiddenIn: HiddenIn.nullish(),
})
export type Node = z.infer<typeof Node>

/** A member as other things carry it; `User` events say more. */
export const User = z.object({
  id,
  name: text,
  displayName: text,
  email: text,
  url: text,
  avatarUrl: text,
  app: flag,
  active: flag,
  guest: flag,
})
export type User = z.infer<typeof User>
export const UserData = Node.extend(User.shape)

export const ExternalUser = z.object({ id, name: text, email: text })
export type ExternalUser = z.infer<typeof ExternalUser>

/** `private` is what Linear's API calls a team that only its members see; webhooks leave it out. */
export const Team = z.object({ id, key: z.string().min(1), name: text, private: flag })
export type Team = z.infer<typeof Team>
export const TeamData = Node.extend(Team.shape)

const Named = z.object({ id, name: text, url: text })
export type NamedThing = z.infer<typeof Named>
const Milestone = z.object({ id, name: text, targetDate: text })
export type Milestone = z.infer<typeof Milestone>
const State = z.object({ id, name: text, type: text })

export const Label = z.object({ id, name: z.string(), color: text, parentId: text, description: text })
export type Label = z.infer<typeof Label>
export const LabelData = Node.extend({ ...Label.shape, teamId: idOrNone, isGroup: flag })

/** An issue as its comments, reactions and relations carry it. */
export const IssueChild = z.object({
  id,
  title: text,
  identifier: text,
  url: text,
  teamId: idOrNone,
  team: Team.nullish(),
})
export type IssueChild = z.infer<typeof IssueChild>

export const Issue = Node.extend({
  title: z.string(),
  identifier: text,
  previousIdentifiers: z.array(z.string()).nullish(),
  number: count,
  url: text,
  description: text,
  priority: count,
  priorityLabel: text,
  estimate: count,
  dueDate: text,
  startedAt: time,
  completedAt: time,
  canceledAt: time,
  teamId: idOrNone,
  team: Team.nullish(),
  stateId: idOrNone,
  state: State.nullish(),
  labels: z.array(Label).nullish(),
  labelIds: z.array(z.string()).nullish(),
  creatorId: idOrNone,
  creator: User.nullish(),
  externalUserCreator: ExternalUser.nullish(),
  assigneeId: idOrNone,
  assignee: User.nullish(),
  delegateId: idOrNone,
  delegate: User.nullish(),
  parentId: idOrNone,
  projectId: idOrNone,
  project: Named.nullish(),
  cycleId: idOrNone,
  cycle: z.object({ id, name: text, number: count }).nullish(),
  projectMilestoneId: idOrNone,
  projectMilestone: Milestone.nullish(),
  reactionData: z.unknown().optional(),
  botActor: z.unknown().optional(),
})
export type Issue = z.infer<typeof Issue>

const UpdateChild = z.object({ id, project: Named.nullish() })
const ContentChild = z.object({
  document: z.object({ id, title: text, projectId: idOrNone, initiativeId: idOrNone }).nullish(),
  project: Named.nullish(),
})

export const Comment = Node.extend({
  body: text,
  quotedText: text,
  editedAt: time,
  parentId: idOrNone,
  resolvedAt: time,
  resolvingCommentId: idOrNone,
  issueId: idOrNone,
  issue: IssueChild.nullish(),
  projectId: idOrNone,
  projectUpdateId: idOrNone,
  projectUpdate: UpdateChild.nullish(),
  initiativeId: idOrNone,
  initiativeUpdateId: idOrNone,
  documentContentId: idOrNone,
  documentContent: ContentChild.nullish(),
  userId: idOrNone,
  user: User.nullish(),
  externalUser: ExternalUser.nullish(),
  botActor: z.unknown().optional(),
  reactionData: z.unknown().optional(),
})
export type Comment = z.infer<typeof Comment>

export const Project = Node.extend({
  name: z.string(),
  description: text,
  content: text,
  slugId: text,
  url: text,
  priority: count,
  health: text,
  startDate: text,
  targetDate: text,
  startedAt: time,
  completedAt: time,
  canceledAt: time,
  creatorId: idOrNone,
  /** Told by imports alone. */
  creator: User.nullish(),
  leadId: idOrNone,
  lead: User.nullish(),
  memberIds: z.array(z.string()).nullish(),
  teamIds: z.array(z.string()).nullish(),
  statusId: idOrNone,
  status: State.nullish(),
  /** What payloads of 2021 said in place of a status. */
  state: text,
  initiatives: z.array(Named).nullish(),
  milestones: z.array(Milestone).nullish(),
})
export type Project = z.infer<typeof Project>

/** The update of a project or of an initiative: a text with a health. */
export const Update = Node.extend({
  body: text,
  health: text,
  url: text,
  editedAt: time,
  userId: idOrNone,
  user: User.nullish(),
  projectId: idOrNone,
  project: Named.nullish(),
  initiativeId: idOrNone,
  initiative: Named.nullish(),
  reactionData: z.unknown().optional(),
})
export type Update = z.infer<typeof Update>

const history = z.array(z.number()).nullish()
export const Cycle = Node.extend({
  number: z.number(),
  name: text,
  description: text,
  startsAt: time,
  endsAt: time,
  completedAt: time,
  teamId: idOrNone,
  team: Team.nullish(),
  issueCountHistory: history,
  completedIssueCountHistory: history,
})
export type Cycle = z.infer<typeof Cycle>

export const Document = Node.extend({
  title: z.string(),
  content: text,
  description: text,
  slugId: text,
  url: text,
  hiddenAt: time,
  creatorId: idOrNone,
  creator: User.nullish(),
  updatedById: idOrNone,
  projectId: idOrNone,
  project: Named.nullish(),
  initiativeId: idOrNone,
  initiative: Named.nullish(),
  issueId: idOrNone,
})
export type Document = z.infer<typeof Document>

export const Initiative = Node.extend({
  name: z.string(),
  description: text,
  content: text,
  slugId: text,
  url: text,
  status: text,
  health: text,
  targetDate: text,
  startedAt: time,
  completedAt: time,
  canceledAt: time,
  creatorId: idOrNone,
  creator: User.nullish(),
  ownerId: idOrNone,
  owner: User.nullish(),
  projects: z.array(Named).nullish(),
  parentInitiative: Named.nullish(),
  parentInitiatives: z.array(Named).nullish(),
})
export type Initiative = z.infer<typeof Initiative>

export const Reaction = Node.extend({
  emoji: z.string(),
  issueId: idOrNone,
  issue: IssueChild.nullish(),
  commentId: idOrNone,
  projectUpdateId: idOrNone,
  projectUpdate: UpdateChild.nullish(),
  initiativeUpdateId: idOrNone,
  userId: idOrNone,
  user: User.nullish(),
})
export type Reaction = z.infer<typeof Reaction>

export const Attachment = Node.extend({
  issueId: id,
  title: text,
  subtitle: text,
  url: z.string(),
  sourceType: text,
  metadata: z.unknown().optional(),
  creatorId: idOrNone,
})
export type Attachment = z.infer<typeof Attachment>

/** As Linear's API has it, with or without the ids that its webhooks put beside a child. */
export const Relation = Node.extend({
  type: z.string(),
  issueId: idOrNone,
  issue: IssueChild.nullish(),
  relatedIssueId: idOrNone,
  relatedIssue: IssueChild.nullish(),
})
export type Relation = z.infer<typeof Relation>
