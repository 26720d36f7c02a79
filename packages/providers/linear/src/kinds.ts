/** What of a workspace's past may be asked for, in the order in which it is: what others name comes first. */
export const linearKinds = [
  "teams",
  "users",
  "labels",
  "projects",
  "project_updates",
  "initiatives",
  "initiative_updates",
  "cycles",
  "documents",
  "issues",
  "comments",
  "relations",
  "attachments",
] as const
export type LinearKind = (typeof linearKinds)[number]

/** A list within a thing. What does not fit is asked for by itself, so that no list is told in part. */
export interface InnerList {
  /** The query for the one thing that it is in: `issue`. */
  readonly one: string
  readonly field: string
  readonly first: number
  readonly more?: string
  readonly selection: string
}

/** How things of a kind are asked for. */
export interface Asked {
  /** What Linear calls it in its webhooks. */
  readonly type: string
  readonly field: string
  /** The type of its filter, where it has one. */
  readonly filter?: string
  readonly more?: string
  readonly first: number
  readonly selection: string
  readonly lists?: { readonly [name: string]: InnerList }
  /** Whether what was put away is still worth knowing. Of the others archiving is what their deletion is. */
  readonly keepsArchived?: true
}

const times = "id createdAt updatedAt archivedAt"
const member = "id name email url avatarUrl"
const team = "id key name visibility"
const teams = `teams(first: 10) { nodes { ${team} } }`
const named = "id name url"
const project = `${named} ${teams}`
const initiative = `${named} visibility`
const issue = `id title identifier url archivedAt team { ${team} }`
const writer = `user { ${member} }`
const reactions = `reactionData reactions { ${times} emoji user { ${member} } }`
const bot = "botActor { id type subType name userDisplayName }"

/**
 * Linear counts 0.1 for a value, 1 for an object, and multiplies what is in a list by its length; a query may cost 10,000 points
 * (linear.app/developers/rate-limiting). The pages below cost at most half of that.
 */
export const asks: { readonly [kind in LinearKind]: Asked } = {
  teams: {
    ...{ type: "Team", field: "teams", filter: "TeamFilter", first: 100, keepsArchived: true },
    selection: `${times} key name visibility`,
  },
  users: {
    ...{ type: "User", field: "users", filter: "UserFilter", more: "includeDisabled: true", first: 100 },
    keepsArchived: true,
    selection: `${times} name displayName email url avatarUrl app active guest`,
  },
  labels: {
    ...{ type: "IssueLabel", field: "issueLabels", filter: "IssueLabelFilter", first: 100, keepsArchived: true },
    selection: `${times} name color description isGroup parent { id } team { id }`,
  },
  projects: {
    ...{ type: "Project", field: "projects", filter: "ProjectFilter", first: 25, keepsArchived: true },
    selection: `${times} trashed autoArchivedAt name description content slugId url priority health startDate targetDate
      startedAt completedAt canceledAt creator { ${member} } lead { ${member} } status { id name type }`,
    lists: {
      teams: { one: "project", field: "teams", first: 10, selection: team },
      members: { one: "project", field: "members", first: 50, selection: "id" },
      initiatives: { one: "project", field: "initiatives", first: 10, selection: named },
      milestones: { one: "project", field: "projectMilestones", first: 20, selection: "id name targetDate" },
    },
  },
  project_updates: {
    ...{ type: "ProjectUpdate", field: "projectUpdates", filter: "ProjectUpdateFilter", first: 25 },
    selection: `${times} body health url editedAt ${writer} project { ${project} } ${reactions}`,
  },
  initiatives: {
    ...{ type: "Initiative", field: "initiatives", filter: "InitiativeFilter", first: 25, keepsArchived: true },
    selection: `${times} trashed name description content slugId url status health targetDate visibility
      startedAt completedAt canceledAt creator { ${member} } owner { ${member} }`,
    lists: {
      projects: {
        ...{ one: "initiative", field: "projects", first: 50, selection: named },
        more: "includeSubInitiatives: false",
      },
      parentInitiatives: { one: "initiative", field: "parentInitiatives", first: 10, selection: named },
    },
  },
  initiative_updates: {
    ...{ type: "InitiativeUpdate", field: "initiativeUpdates", filter: "InitiativeUpdateFilter", first: 25 },
    selection: `${times} body health url editedAt ${writer} initiative { ${initiative} } ${reactions}`,
  },
  cycles: {
    ...{ type: "Cycle", field: "cycles", filter: "CycleFilter", first: 50, keepsArchived: true },
    selection: `${times} autoArchivedAt number name description startsAt endsAt completedAt
      issueCountHistory completedIssueCountHistory team { ${team} }`,
  },
  documents: {
    ...{ type: "Document", field: "documents", filter: "DocumentFilter", first: 50, keepsArchived: true },
    selection: `${times} trashed title content slugId url hiddenAt creator { ${member} } updatedBy { id }
      project { ${project} } initiative { ${initiative} } issue { id team { ${team} } } cycle { id team { ${team} } } team { ${team} }`,
  },
  issues: {
    ...{ type: "Issue", field: "issues", filter: "IssueFilter", first: 25, keepsArchived: true },
    selection: `${times} trashed autoArchivedAt number title identifier previousIdentifiers url description priority priorityLabel
      estimate dueDate startedAt completedAt canceledAt team { ${team} } state { id name type } creator { ${member} }
      externalUserCreator { id name email } ${bot} assignee { ${member} } delegate { ${member} } parent { id }
      project { ${named} } cycle { id name number } projectMilestone { id name targetDate } ${reactions}`,
    lists: { labels: { one: "issue", field: "labels", first: 10, selection: "id name color parent { id }" } },
  },
  comments: {
    ...{ type: "Comment", field: "comments", filter: "CommentFilter", first: 50 },
    selection: `${times} body quotedText editedAt url parentId resolvedAt resolvingCommentId issueId projectId projectUpdateId
      initiativeId initiativeUpdateId documentContentId ${writer} externalUser { id name email } ${bot} reactionData
      issue { ${issue} } project { ${project} } projectUpdate { id project { ${project} } }
      initiative { ${initiative} } initiativeUpdate { id initiative { ${initiative} } }
      documentContent { document { id title project { ${project} } initiative { ${initiative} } team { ${team} } } project { ${project} } }`,
  },
  relations: {
    ...{ type: "IssueRelation", field: "issueRelations", first: 100 },
    selection: `${times} type issue { ${issue} } relatedIssue { ${issue} }`,
  },
  attachments: {
    ...{ type: "Attachment", field: "attachments", filter: "AttachmentFilter", first: 100 },
    selection: `${times} title subtitle url sourceType metadata creator { id } issue { id archivedAt }`,
  },
}

const pageInfo = "pageInfo { hasNextPage endCursor }"

/** A page of one kind. In the order in which things were made, which nothing that changes meanwhile can slip out of. */
export function listQuery({ field, filter, more = "", selection, lists = {} }: Asked): string {
  const inner = Object.entries(lists).map(
    ([name, list]) =>
      `${name}: ${list.field}(first: ${list.first} ${list.more ?? ""}) { nodes { ${list.selection} } ${pageInfo} }`,
  )
  const [variable, argument] = filter ? [`, $filter: ${filter}`, "filter: $filter"] : ["", ""]
  return `query ($first: Int!, $after: String${variable}) {
    ${field}(first: $first, after: $after, includeArchived: true, orderBy: createdAt ${argument} ${more}) {
      nodes { ${selection} ${inner.join(" ")} } ${pageInfo}
    }
  }`
}

/** The rest of a list within one thing. */
export const restQuery = ({ one, field, more = "", selection }: InnerList): string =>
  `query ($id: String!, $after: String) {
    ${one}(id: $id) { rest: ${field}(first: 100, after: $after ${more}) { nodes { ${selection} } ${pageInfo} } }
  }`
