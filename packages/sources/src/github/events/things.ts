import type { DocumentDraft, PartDraft } from "@engram/contracts/draft"
import { z } from "zod"
import { read } from "../../text/read.ts"
import type { GithubEvent } from "../event.ts"
import { Gathering } from "../gather.ts"
import { refAlias, thingAlias, thingId } from "../names.ts"
import { carriedRank, commentPart, isRemoval, rankOf, thingBody } from "../parts.ts"
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
