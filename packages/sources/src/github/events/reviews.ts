import type { PartDraft } from "@engram/contracts/draft"
import type { z } from "zod"
import { carried, latest, link } from "../../claims.ts"
import { importance, isChatter, severityOf } from "../../observe/importance.ts"
import { moment } from "../../observe/moment.ts"
import { read } from "../../text/read.ts"
import type { GithubEvent } from "../event.ts"
import { Gathering, isBot } from "../gather.ts"
import { repositoryAlias, reviewAlias } from "../names.ts"
import { authorFields, carriedRank, rankOf, textField, thingBody } from "../parts.ts"
import { InRepository, PullRequest, Review } from "../schemas.ts"
import { thingDocument } from "./things.ts"

const Reviews = InRepository.extend({ pull_request: PullRequest, review: Review })
type Reviewed = z.infer<typeof Reviews>

export function readReview({ payload, action }: GithubEvent) {
  const reviewed = read(Reviews, payload)
  const { pull_request: pull, review, repository, sender } = reviewed
  const gathering = new Gathering(latest(review.submitted_at, pull.updated_at) ?? pull.created_at)
  const scope = gathering.repository(repository)
  if (sender) gathering.account(sender)
  const parts = [
    thingBody(pull, repository, gathering, { rank: carriedRank, alive: true }),
    reviewPart(reviewed, action, gathering),
  ]
  const document = thingDocument(pull, repository, gathering, parts)
  gathering.document(document)

  const verdict = action === "submitted" ? verdictOf(review.state, review.body) : undefined
  if (!verdict) return gathering.drafts()
  const by = review.user?.login ?? "a deleted account"
  gathering.moment(
    moment({
      kind: verdict.kind,
      at: review.submitted_at ?? pull.updated_at ?? pull.created_at,
      documentSourceId: document.sourceId,
      thing: reviewAlias(review.id),
      scope,
      headline: `${by} ${verdict.words} ${repository.full_name}#${pull.number}: ${pull.title}`,
      description: review.body,
      importance: importance({
        base: verdict.base,
        severity: severityOf([pull.title]),
        participants: 0.2,
        trivial: isChatter(review.body) && isBot(review.user),
      }),
      tags: ["decision"],
      subjects: [
        review.user ? gathering.account(review.user) : undefined,
        document.alias,
        repositoryAlias(repository.id),
      ],
      url: review.html_url,
      links: [link("PART_OF", document.alias)],
    }),
  )
  return gathering.drafts()
}

/** A bare approval is in the document; only a verdict with reasons, or against, is a moment. */
function verdictOf(state: string, body: string | null | undefined) {
  const said = state.toLowerCase()
  if (said === "changes_requested") return { kind: said, words: "requested changes on", base: 0.4 }
  if (said === "approved" && !isChatter(body)) return { kind: said, words: "approved", base: 0.3 }
  return undefined
}

function reviewPart({ review, pull_request: pull }: Reviewed, action: string, gathering: Gathering): PartDraft {
  // A submission knows its own time; of an edit or a dismissal only the pull request does.
  const submitted = review.submitted_at ?? undefined
  const changed = latest(review.updated_at, submitted, pull.updated_at)
  return {
    partId: `review:${review.id}`,
    kind: "review",
    at: (action === "submitted" ? submitted : changed) ?? pull.updated_at ?? pull.created_at,
    rank: rankOf(action),
    alive: true,
    fields: carried({
      ...authorFields(review.user),
      text: textField(review.body),
      state: review.state.toLowerCase(),
      url: review.html_url ?? undefined,
      createdAt: submitted,
    }),
    // Who answers on their own pull request is not its reviewer.
    links:
      review.user && review.user.id !== pull.user?.id
        ? { reviewer: [link("REVIEWED_BY", gathering.account(review.user))] }
        : {},
  }
}
