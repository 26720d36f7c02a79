import type { DocumentDraft, PartDraft } from "@engram/contracts/draft"
import { z } from "zod"
import { carried, link } from "../../claims.ts"
import { discussionOf, importance, isChatter, severityOf } from "../../observe/importance.ts"
import { moment } from "../../observe/moment.ts"
import { read } from "../../text/read.ts"
import type { GithubEvent } from "../event.ts"
import { Gathering } from "../gather.ts"
import { discussionId, refAlias, repositoryAlias, thingAlias } from "../names.ts"
import {
  authorFields,
  type Claim,
  carriedRank,
  commentPart,
  inRepository,
  isRemoval,
  rankOf,
  textField,
} from "../parts.ts"
import { Comment, Discussion, InRepository, Repository } from "../schemas.ts"
import { tagsOf } from "../tags.ts"

const Discussions = InRepository.extend({
  discussion: Discussion,
  answer: Comment.nullish(),
  changes: z.object({ new_discussion: Discussion.nullish(), new_repository: Repository.nullish() }).nullish(),
})

export function readDiscussion({ payload, action }: GithubEvent) {
  const { discussion, answer, changes, repository, sender } = read(Discussions, payload)
  const gathering = new Gathering(discussion.updated_at ?? discussion.created_at)
  const scope = gathering.repository(repository)
  if (sender) gathering.account(sender)
  const claim = { rank: rankOf(action), alive: !isRemoval(action) }
  const body = discussionBody(discussion, repository, gathering, claim, action === "answered" ? answer?.id : undefined)
  const parts = answer ? [body, commentPart(answer, "comment", gathering, { rank: carriedRank, alive: true })] : [body]
  const document = discussionDocument(discussion, repository, gathering, parts)
  gathering.document(document)
  if (action === "transferred" && changes?.new_discussion && changes.new_repository)
    receiveTransferred(changes.new_discussion, changes.new_repository, gathering)

  const happened = happening(action, discussion)
  if (!happened) return gathering.drafts()
  const words = [discussion.title, ...(discussion.labels ?? []).map(({ name }) => name)]
  gathering.moment(
    moment({
      ...happened,
      documentSourceId: document.sourceId,
      thing: document.alias,
      scope,
      headline: `Discussion ${repository.full_name}#${discussion.number} ${happened.words}: ${discussion.title}`,
      description: happened.kind === "answered" ? answer?.body : discussion.body,
      importance: importance({
        base: happened.base,
        severity: severityOf(words),
        discussion: discussionOf(discussion.comments),
        trivial: happened.kind === "answered" && isChatter(answer?.body),
      }),
      tags: happened.kind === "answered" ? ["decision"] : tagsOf("discussion", discussion.title, words.slice(1)),
      subjects: [repositoryAlias(repository.id), answer?.user ? gathering.account(answer.user) : undefined],
      url: answer?.html_url ?? discussion.html_url,
    }),
  )
  return gathering.drafts()
}

const DiscussionComment = InRepository.extend({ discussion: Discussion, comment: Comment })

export function readDiscussionComment({ payload, action }: GithubEvent) {
  const { discussion, comment, repository, sender } = read(DiscussionComment, payload)
  const gathering = new Gathering(comment.updated_at ?? comment.created_at)
  gathering.repository(repository)
  if (sender) gathering.account(sender)
  const parts = [
    discussionBody(discussion, repository, gathering, { rank: carriedRank, alive: true }),
    commentPart(comment, "comment", gathering, { rank: rankOf(action), alive: !isRemoval(action) }),
  ]
  gathering.document(discussionDocument(discussion, repository, gathering, parts))
  return gathering.drafts()
}

function receiveTransferred(discussion: Discussion, repository: Repository, gathering: Gathering): void {
  gathering.repository(repository)
  const body = discussionBody(discussion, repository, gathering, { rank: carriedRank, alive: true })
  gathering.document(discussionDocument(discussion, repository, gathering, [body]))
}

function discussionDocument(
  discussion: Discussion,
  repository: Repository,
  gathering: Gathering,
  parts: readonly PartDraft[],
): DocumentDraft {
  const alias = gathering.entity({
    kind: "thing",
    alias: thingAlias(repository.id, discussion.number),
    aliases: [refAlias(repository.full_name, discussion.number)],
    fields: { title: discussion.title, number: discussion.number },
    at: discussion.updated_at ?? discussion.created_at,
  })
  return { sourceId: discussionId(repository.id, discussion.number), alias, parts }
}

function discussionBody(
  discussion: Discussion,
  repository: Repository,
  gathering: Gathering,
  claim: Claim,
  answerId?: number,
): PartDraft {
  const place = inRepository(repository)
  const author = discussion.user ? { author: [link("AUTHORED_BY", gathering.account(discussion.user))] } : {}
  return {
    partId: "body",
    kind: "body",
    at: discussion.updated_at ?? discussion.created_at,
    ...claim,
    fields: carried({
      ...place.fields,
      ...authorFields(discussion.user),
      number: discussion.number,
      title: discussion.title,
      text: textField(discussion.body),
      url: discussion.html_url ?? undefined,
      createdAt: discussion.created_at,
      state: discussion.state ?? undefined,
      category: discussion.category?.name,
      labels: discussion.labels?.map(({ name }) => name),
      comments: discussion.comments ?? undefined,
      answerId: answerId ?? answerIdOf(discussion.answer_html_url),
    }),
    links: { ...place.links, ...author },
  }
}

/** GitHub names the accepted answer by its address: `…#discussioncomment-550561`. Null says that there is none. */
function answerIdOf(address: string | null | undefined): number | null | undefined {
  if (address === null || address === undefined) return address
  const id = /#discussioncomment-(\d{1,15})$/.exec(address)?.[1]
  return id === undefined ? undefined : Number(id)
}

function happening(action: string, discussion: Discussion) {
  const updated = discussion.updated_at ?? discussion.created_at
  if (action === "created") return { kind: "opened", words: "opened", at: discussion.created_at, base: 0.3 }
  if (action === "answered")
    return { kind: "answered", words: "answered", at: discussion.answer_chosen_at ?? updated, base: 0.5 }
  if (action === "closed") return { kind: "closed", words: "closed", at: updated, base: 0.3 }
  return undefined
}
