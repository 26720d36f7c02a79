import type { DocumentDraft, PartDraft } from "@engram/contracts/draft"
import { Rejected } from "@engram/contracts/errors"
import { z } from "zod"
import { read } from "../../text/read.ts"
import type { GithubEvent } from "../event.ts"
import { Gathering } from "../gather.ts"
import { refAlias, thingAlias, thingId } from "../names.ts"
import { carriedRank, commentPart, importedClaim, isRemoval, rankOf, thingBody } from "../parts.ts"
import { Comment, InRepository, PullRequest, type Repository, Thing } from "../schemas.ts"

/** An issue or pull request as a document, and as the graph's neutral "thing" that others may have named before. */
export function thingDocument(
  thing: Thing | PullRequest,
  repository: Repository,
  gathering: Gathering,
  parts: readonly PartDraft[],
): DocumentDraft {
  const alias = gathering.entity({
    kind: "thing",
    alias: thingAlias(repository.id, thing.number),
    aliases: [refAlias(repository.full_name, thing.number)],
    fields: { title: thing.title, number: thing.number },
    at: thing.updated_at ?? thing.created_at,
  })
  return { sourceId: thingId(repository.id, thing.number), alias, parts }
}

const IssueComment = InRepository.extend({ issue: Thing, comment: Comment })

export function readIssueComment({ payload, action }: GithubEvent) {
  const { issue, comment, repository, sender } = read(IssueComment, payload)
  const gathering = new Gathering(comment.updated_at ?? comment.created_at)
  gathering.repository(repository)
  if (sender) gathering.account(sender)
  const parts = [
    thingBody(issue, repository, gathering, { rank: carriedRank, alive: true }),
    commentPart(comment, "comment", gathering, { rank: rankOf(action), alive: !isRemoval(action) }),
  ]
  gathering.document(thingDocument(issue, repository, gathering, parts))
  return gathering.drafts()
}

const ReviewComment = InRepository.extend({ pull_request: PullRequest, comment: Comment })

export function readReviewComment({ payload, action }: GithubEvent) {
  const { pull_request: pull, comment, repository, sender } = read(ReviewComment, payload)
  const gathering = new Gathering(comment.updated_at ?? comment.created_at)
  gathering.repository(repository)
  if (sender) gathering.account(sender)
  const parts = [
    thingBody(pull, repository, gathering, { rank: carriedRank, alive: true }),
    commentPart(comment, "review_comment", gathering, { rank: rankOf(action), alive: !isRemoval(action) }),
  ]
  gathering.document(thingDocument(pull, repository, gathering, parts))
  return gathering.drafts()
}

const ImportedComment = InRepository.extend({
  comment: Comment.extend({ issue_url: z.string().nullish(), pull_request_url: z.string().nullish() }),
})

export const readImportedIssueComment = (event: GithubEvent) => readImportedComment(event, "comment")

export const readImportedReviewComment = (event: GithubEvent) => readImportedComment(event, "review_comment")

/** The API lists a repository's comments without their things, of which each names the address. */
function readImportedComment({ payload }: GithubEvent, kind: "comment" | "review_comment") {
  const { comment, repository } = read(ImportedComment, payload)
  const gathering = new Gathering(comment.updated_at ?? comment.created_at)
  gathering.repository(repository)
  const field = kind === "comment" ? "issue_url" : "pull_request_url"
  const number = /\/(?:issues|pulls)\/(\d{1,15})$/.exec(comment[field] ?? "")?.[1]
  if (number === undefined) {
    throw new Rejected("payload_unreadable", `comment.${field} names no issue or pull request`, {
      path: `comment.${field}`,
    })
  }
  gathering.document({
    sourceId: thingId(repository.id, Number(number)),
    alias: thingAlias(repository.id, number),
    parts: [commentPart(comment, kind, gathering, importedClaim)],
  })
  return gathering.drafts()
}

const ReviewThread = InRepository.extend({
  pull_request: PullRequest,
  thread: z.object({ comments: z.array(Comment) }),
})

/** Resolving a thread carries its comments once more. */
export function readReviewThread({ payload }: GithubEvent) {
  const { pull_request: pull, thread, repository, sender } = read(ReviewThread, payload)
  const gathering = new Gathering(pull.updated_at ?? pull.created_at)
  gathering.repository(repository)
  if (sender) gathering.account(sender)
  const claim = { rank: carriedRank, alive: true }
  const parts = [
    thingBody(pull, repository, gathering, claim),
    ...thread.comments.map((comment) => commentPart(comment, "review_comment", gathering, claim)),
  ]
  gathering.document(thingDocument(pull, repository, gathering, parts))
  return gathering.drafts()
}
