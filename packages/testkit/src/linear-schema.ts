import { buildSchema } from "graphql"

const dates = "createdAt: DateTime! updatedAt: DateTime! archivedAt: DateTime"
const listArguments =
  "after: String, before: String, first: Int, last: Int, includeArchived: Boolean, orderBy: PaginationOrderBy"

/** Types that are listed, with the filter that their list takes. */
const listed = {
  Attachment: ["attachments", "AttachmentFilter"],
  Comment: ["comments", "CommentFilter"],
  Cycle: ["cycles", "CycleFilter"],
  Document: ["documents", "DocumentFilter"],
  Initiative: ["initiatives", "InitiativeFilter"],
  InitiativeUpdate: ["initiativeUpdates", "InitiativeUpdateFilter"],
  Issue: ["issues", "IssueFilter"],
  IssueLabel: ["issueLabels", "IssueLabelFilter"],
  IssueRelation: ["issueRelations", undefined],
  Project: ["projects", "ProjectFilter"],
  ProjectUpdate: ["projectUpdates", "ProjectUpdateFilter"],
  Team: ["teams", "TeamFilter"],
  User: ["users", "UserFilter"],
} as const

/** The root field of each type's list. */
export const listOf = Object.fromEntries(Object.entries(listed).map(([type, [field]]) => [field, type]))

const connection = (type: string): string => `type ${type}Connection { nodes: [${type}!]! pageInfo: PageInfo! }`

const lists = Object.entries(listed).map(([type, [field, filter]]) => {
  const more = [...(filter ? [`filter: ${filter}`] : []), ...(type === "User" ? ["includeDisabled: Boolean"] : [])]
  return `${field}(${[listArguments, ...more].join(", ")}): ${type}Connection!`
})

const filters = Object.values(listed).flatMap(([, filter]) =>
  filter ? [`input ${filter} { createdAt: DateComparator updatedAt: DateComparator }`] : [],
)

/** The part of Linear's public schema that an import asks for; names, nullability and arguments as `@linear/sdk` 98 has them. */
export const linearSchema = buildSchema(`
  scalar DateTime
  scalar DateTimeOrDuration
  scalar TimelessDate
  scalar JSONObject
  enum PaginationOrderBy { createdAt updatedAt }
  enum TeamVisibility { private public restricted }
  enum InitiativeVisibility { private public restricted }
  enum ProjectUpdateHealthType { onTrack atRisk offTrack }
  enum InitiativeUpdateHealthType { onTrack atRisk offTrack }
  enum InitiativeStatus { Planned Active Completed Canceled }
  enum ProjectStatusType { backlog planned started paused completed canceled }
  input DateComparator { gte: DateTimeOrDuration lt: DateTimeOrDuration }
  ${filters.join("\n")}
  type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
  type Organization { id: ID! name: String! urlKey: String! }
  type ActorBot { id: ID type: String! subType: String name: String userDisplayName: String }
  type ExternalUser { id: ID! ${dates} name: String! displayName: String! email: String }
  type WorkflowState { id: ID! name: String! type: String! }
  type ProjectStatus { id: ID! name: String! type: ProjectStatusType! }
  type ProjectMilestone { id: ID! name: String! targetDate: TimelessDate }
  type Team { id: ID! ${dates} key: String! name: String! private: Boolean! visibility: TeamVisibility! }
  type User {
    id: ID! ${dates} name: String! displayName: String! email: String! url: String! avatarUrl: String
    app: Boolean! active: Boolean! guest: Boolean!
  }
  type IssueLabel {
    id: ID! ${dates} name: String! color: String! description: String isGroup: Boolean! parent: IssueLabel team: Team
  }
  type Reaction { id: ID! ${dates} emoji: String! user: User externalUser: ExternalUser }
  type Issue {
    id: ID! ${dates} trashed: Boolean autoArchivedAt: DateTime number: Float! title: String! identifier: String!
    previousIdentifiers: [String!]! url: String! description: String priority: Float! priorityLabel: String! estimate: Float
    dueDate: TimelessDate startedAt: DateTime completedAt: DateTime canceledAt: DateTime team: Team! state: WorkflowState!
    creator: User externalUserCreator: ExternalUser botActor: ActorBot assignee: User delegate: User parent: Issue
    project: Project cycle: Cycle projectMilestone: ProjectMilestone reactionData: JSONObject! reactions: [Reaction!]!
    labels(${listArguments}): IssueLabelConnection!
  }
  type Project {
    id: ID! ${dates} trashed: Boolean autoArchivedAt: DateTime name: String! description: String! content: String slugId: String!
    url: String! priority: Int! health: ProjectUpdateHealthType startDate: TimelessDate targetDate: TimelessDate
    startedAt: DateTime completedAt: DateTime canceledAt: DateTime creator: User lead: User status: ProjectStatus!
    teams(${listArguments}): TeamConnection! members(${listArguments}): UserConnection!
    initiatives(${listArguments}): InitiativeConnection! projectMilestones(${listArguments}): ProjectMilestoneConnection!
  }
  type ProjectUpdate {
    id: ID! ${dates} body: String! health: ProjectUpdateHealthType! url: String! editedAt: DateTime user: User! project: Project!
    reactionData: JSONObject! reactions: [Reaction!]!
  }
  type Initiative {
    id: ID! ${dates} trashed: Boolean name: String! description: String content: String slugId: String! url: String!
    status: InitiativeStatus! health: InitiativeUpdateHealthType targetDate: TimelessDate visibility: InitiativeVisibility!
    startedAt: DateTime completedAt: DateTime canceledAt: DateTime creator: User owner: User
    projects(${listArguments}, includeSubInitiatives: Boolean): ProjectConnection!
    parentInitiatives(${listArguments}): InitiativeConnection!
  }
  type InitiativeUpdate {
    id: ID! ${dates} body: String! health: InitiativeUpdateHealthType! url: String! editedAt: DateTime user: User!
    initiative: Initiative! reactionData: JSONObject! reactions: [Reaction!]!
  }
  type Cycle {
    id: ID! ${dates} autoArchivedAt: DateTime number: Float! name: String description: String startsAt: DateTime! endsAt: DateTime!
    completedAt: DateTime issueCountHistory: [Float!]! completedIssueCountHistory: [Float!]! team: Team!
  }
  type Document {
    id: ID! ${dates} trashed: Boolean title: String! content: String slugId: String! url: String! hiddenAt: DateTime creator: User
    updatedBy: User project: Project initiative: Initiative issue: Issue cycle: Cycle team: Team
  }
  type DocumentContent { id: ID! ${dates} document: Document project: Project initiative: Initiative issue: Issue }
  type Comment {
    id: ID! ${dates} body: String! quotedText: String editedAt: DateTime url: String! parentId: String resolvedAt: DateTime
    resolvingCommentId: String issueId: String projectId: String projectUpdateId: String initiativeId: String
    initiativeUpdateId: String documentContentId: String user: User externalUser: ExternalUser botActor: ActorBot
    reactionData: JSONObject! issue: Issue project: Project projectUpdate: ProjectUpdate initiative: Initiative
    initiativeUpdate: InitiativeUpdate documentContent: DocumentContent
  }
  type IssueRelation { id: ID! ${dates} type: String! issue: Issue! relatedIssue: Issue! }
  type Attachment {
    id: ID! ${dates} title: String! subtitle: String url: String! sourceType: String metadata: JSONObject! creator: User issue: Issue!
  }
  ${[...Object.keys(listed), "ProjectMilestone"].map(connection).join("\n")}
  type Query {
    organization: Organization!
    issue(id: String!): Issue!
    project(id: String!): Project!
    initiative(id: String!): Initiative!
    ${lists.join("\n    ")}
  }
`)
