import type { DocumentDraft } from "@engram/contracts/draft"
import type { AliasRef } from "@engram/contracts/graph"
import { z } from "zod"
import { link } from "../../claims.ts"
import { discussionOf, importance, isRoutine, participantsOf, severityOf } from "../../observe/importance.ts"
import { moment } from "../../observe/moment.ts"
import { read } from "../../text/read.ts"
import type { GithubEvent } from "../event.ts"
import { Gathering, isBot } from "../gather.ts"
import { repositoryAlias } from "../names.ts"
import { closingLines, goalsOf } from "../observe.ts"
import { importedClaim, rankOf, thingBody } from "../parts.ts"
import { originOf, references } from "../references.ts"
import { InRepository, PullRequest, type Repository, Review } from "../schemas.ts"
import { tagsOf } from "../tags.ts"
import { importedReviewPart, isSubmitted, tellVerdict } from "./reviews.ts"
import { thingDocument } from "./things.ts"

const PullRequests = InRepository.extend({ pull_request: PullRequest })

export function readPullRequest({ payload, action }: GithubEvent) {
  const { pull_request: pull, repository, sender } = read(PullRequests, payload)
  const gathering = new Gathering(pull.updated_at ?? pull.created_at)
  const scope = gathering.repository(repository)
  if (sender) gathering.account(sender)
  const body = thingBody(pull, repository, gathering, { rank: rankOf(action), alive: true })
  const document = thingDocument(pull, repository, gathering, [body])
  gathering.document(document)

  tellPullRequest({ pull, repository, document, scope, gathering, action })
  return gathering.drafts()
}

const ImportedPullRequest = InRepository.extend({ pull_request: PullRequest, reviews: z.array(Review) })

/** A pull request as the API shows it, with its reviews: its fields, its opening, and the end that still stands. */
export function readImportedPullRequest({ payload }: GithubEvent) {
  const { pull_request: pull, reviews, repository } = read(ImportedPullRequest, payload)
  const gathering = new Gathering(pull.updated_at ?? pull.created_at)
  const scope = gathering.repository(repository)
  const said = reviews.filter(isSubmitted).map((review) => ({ pull_request: pull, review, repository }))
  const document = thingDocument(pull, repository, gathering, [
    thingBody(pull, repository, gathering, importedClaim),
    ...said.map((reviewed) => importedReviewPart(reviewed, gathering)),
  ])
  gathering.document(document)
  for (const action of pull.state === "closed" ? ["opened", "closed"] : ["opened"])
    tellPullRequest({ pull, repository, document, scope, gathering, action, retold: true })
  for (const reviewed of said) tellVerdict(reviewed, { document, scope, gathering, retold: true })
  return gathering.drafts()
}

export function tellPullRequest(said: {
  readonly pull: PullRequest
  readonly repository: Repository
  readonly document: Pick<DocumentDraft, "sourceId" | "alias">
  readonly scope: string
  readonly gathering: Gathering
  readonly action: string
  readonly retold?: boolean
}): void {
  const { pull, repository, document, scope, gathering, action, retold = false } = said
  const happened = happening(action, pull)
  if (!happened) return
  const tags = tagsOf("pull_request", pull.title, labelsOf(pull))
  const resolved = resolvedBy(pull, repository, document.alias)
  const merged =
    action === "closed" && pull.merged_at && pull.merge_commit_sha
      ? gathering.commit(pull.merge_commit_sha, repository.id)
      : undefined
  const people = merged ? [pull.user, pull.merged_by] : [pull.user]
  gathering.moment(
    moment({
      ...happened,
      documentSourceId: document.sourceId,
      thing: document.alias,
      scope,
      headline: `Pull request ${repository.full_name}#${pull.number} ${happened.words}: ${pull.title}`,
      description: pull.body,
      evidence: closingLines(pull.body ?? ""),
      importance: weigh(pull, happened.base, resolved.length > 0 || tags.some((tag) => linking.has(tag))),
      tags,
      subjects: [
        repositoryAlias(repository.id),
        ...people.map((user) => (user ? gathering.account(user) : undefined)),
        ...resolved,
        ...goalsOf(pull.labels),
      ],
      url: pull.html_url,
      links: merged ? [link("PART_OF", document.alias, merged)] : [],
      retold,
    }),
  )
}

const linking = new Set(["release", "incident-fix"])

const labelsOf = (pull: PullRequest) => (pull.labels ?? []).map(({ name }) => name)

function weigh(pull: PullRequest, base: number, linked: boolean): number {
  return importance({
    base,
    severity: severityOf([pull.title, ...labelsOf(pull)]),
    discussion: discussionOf((pull.comments ?? 0) + (pull.review_comments ?? 0)),
    participants: participantsOf((pull.assignees?.length ?? 0) + (pull.requested_reviewers?.length ?? 0)),
    linked: linked ? 1 : 0,
    reach: Math.min(1, (pull.changed_files ?? 0) / 100),
    trivial: isRoutine(pull.title, isBot(pull.user)),
  })
}

/** The issues that the description closes. */
function resolvedBy(pull: PullRequest, repository: Repository, self: AliasRef): AliasRef[] {
  const place = {
    repositoryId: String(repository.id),
    fullName: repository.full_name,
    origin: originOf(pull.html_url),
    closes: true,
    self,
  }
  return references(pull.body ?? "", place).flatMap(({ type, to }) => (type === "RESOLVES" ? [to] : []))
}

function happening(action: string, pull: PullRequest) {
  const updated = pull.updated_at ?? pull.created_at
  if (action === "opened") return { kind: "opened", words: "opened", at: pull.created_at, base: 0.3 }
  if (action === "reopened") return { kind: "reopened", words: "reopened", at: updated, base: 0.25 }
  if (action !== "closed") return undefined
  if (!pull.merged_at) return { kind: "closed", words: "closed unmerged", at: pull.closed_at ?? updated, base: 0.25 }
  const words = pull.merge_commit_sha ? `merged as ${pull.merge_commit_sha}` : "merged"
  const reverts = /^revert\b/i.test(pull.title)
  return { kind: reverts ? "reverted" : "merged", words, at: pull.merged_at, base: reverts ? 0.55 : 0.4 }
}
