import type { PartDraft } from "@engram/contracts/draft"
import type { AliasRef, Link } from "@engram/contracts/graph"
import { carried, link } from "../claims.ts"
import { branchReferences } from "../text/references.ts"
import { type Gathering, isBot } from "./gather.ts"
import { repositoryAlias } from "./names.ts"
import type { Comment, PullRequest, Repository, Team, Thing, User } from "./schemas.ts"

/**
 * Claims of equal time are common (GitHub counts in seconds), so actions are ranked: what is carried along by another
 * event says least, a removal says most.
 */
export function rankOf(action: string | null | undefined): number {
  return ranks[action ?? ""] ?? 2
}
const ranks: { readonly [action: string]: number } = {
  created: 1,
  create: 1,
  opened: 1,
  published: 2,
  // Of a prerelease, too, that has become a release.
  released: 3,
  updated: 3,
  edited: 4,
  closed: 5,
  unpublished: 5,
  reopened: 6,
  dismissed: 7,
  withdrawn: 7,
  transferred: 9,
  deleted: 9,
}
export const carriedRank = 0
/** The API says how a thing stands; at equal times the event that made it so says more. */
export const importedClaim: Claim = { rank: carriedRank, alive: true }

export const isRemoval = (action: string | null | undefined) => action === "deleted" || action === "transferred"

/** Whatever GitHub says about the account behind a text. */
export const authorFields = (user: User | null | undefined) =>
  user ? { author: user.login, authorId: user.id, authorBot: isBot(user) } : {}

/** Where every document of a repository stands. */
export const inRepository = (repository: Repository) => ({
  fields: { repository: repository.full_name },
  links: { repository: [link("PART_OF", repositoryAlias(repository.id))] },
})

export interface Claim {
  readonly rank: number
  readonly alive: boolean
}

/** The body of an issue or pull request, with only the fields this payload carries. */
export function thingBody(
  thing: Thing | PullRequest,
  repository: Repository,
  gathering: Gathering,
  claim: Claim,
): PartDraft {
  const place = inRepository(repository)
  const pull = pullRequestFields(thing)
  return {
    partId: "body",
    kind: "body",
    at: thing.updated_at ?? thing.created_at,
    ...claim,
    fields: carried({
      ...place.fields,
      ...authorFields(thing.user),
      ...pull,
      number: thing.number,
      title: thing.title,
      text: textField(thing.body),
      url: thing.html_url ?? undefined,
      createdAt: thing.created_at,
      state: thing.state ?? undefined,
      stateReason: thing.state_reason,
      draft: thing.draft ?? undefined,
      labels: thing.labels?.map(({ name }) => name),
      milestone: thing.milestone === undefined ? undefined : (thing.milestone?.title ?? null),
      comments: thing.comments ?? undefined,
      closedAt: thing.closed_at,
    }),
    links: { ...place.links, ...thingLinks(thing, gathering) },
  }
}

function pullRequestFields(thing: Thing | PullRequest) {
  if ("pull_request" in thing && thing.pull_request)
    return { pullRequest: true, mergedAt: thing.pull_request.merged_at }
  if (!("head" in thing) || !thing.head) return {}
  return {
    pullRequest: true,
    mergedAt: thing.merged_at,
    mergeCommit: thing.merged_at ? (thing.merge_commit_sha ?? undefined) : undefined,
    baseBranch: thing.base?.ref,
    headBranch: thing.head.ref,
    commits: thing.commits ?? undefined,
    additions: thing.additions ?? undefined,
    deletions: thing.deletions ?? undefined,
    changedFiles: thing.changed_files ?? undefined,
    reviewComments: thing.review_comments ?? undefined,
  }
}

function thingLinks(thing: Thing | PullRequest, gathering: Gathering): { [name: string]: Link[] } {
  const links: { [name: string]: Link[] } = {}
  if (thing.user) links.author = [link("AUTHORED_BY", gathering.account(thing.user))]
  if (thing.assignees) links.assignees = thing.assignees.map((user) => link("ASSIGNED_TO", gathering.account(user)))
  if (thing.milestone !== undefined)
    links.milestone = thing.milestone ? [link("PART_OF", gathering.milestone(thing.milestone))] : []
  if ("head" in thing && thing.head) links.branch = branchReferences(thing.head.ref)
  if ("requested_reviewers" in thing && thing.requested_reviewers)
    links.requestedReviewers = thing.requested_reviewers.map((one) => asked(reviewer(one, gathering)))
  if ("requested_teams" in thing && thing.requested_teams)
    links.requestedTeams = thing.requested_teams.map((team) => asked(gathering.team(team, null)))
  return links
}

const reviewer = (one: User | Team, gathering: Gathering) =>
  "login" in one ? gathering.account(one) : gathering.team(one, null)

/** Asked to review is less than reviewed; a submitted review says so with confidence 1 in its own part. */
const asked = (to: AliasRef): Link => ({ type: "REVIEWED_BY", to, confidence: 0.5 })

/** A comment of any kind. Its author is no author of the document, so the part carries no link of its own. */
export function commentPart(comment: Comment, kind: string, gathering: Gathering, claim: Claim): PartDraft {
  if (comment.user) gathering.account(comment.user)
  return {
    partId: `${kind}:${comment.id}`,
    kind,
    at: comment.updated_at ?? comment.created_at,
    ...claim,
    fields: carried({
      ...authorFields(comment.user),
      text: textField(comment.body),
      url: comment.html_url ?? undefined,
      createdAt: comment.created_at,
      path: comment.path ?? undefined,
      inReplyTo: comment.in_reply_to_id ?? comment.parent_id ?? undefined,
    }),
    links: {},
  }
}

/** GitHub says null for a text that is empty; a payload that leaves the text out says nothing. */
export const textField = (body: string | null | undefined) => (body === undefined ? undefined : (body ?? ""))
