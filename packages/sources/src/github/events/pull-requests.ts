import type { AliasRef } from "@engram/contracts/graph"
import { link } from "../../claims.ts"
import { discussionOf, importance, isRoutine, participantsOf, severityOf } from "../../observe/importance.ts"
import { moment } from "../../observe/moment.ts"
import { read } from "../../text/read.ts"
import type { GithubEvent } from "../event.ts"
import { Gathering, isBot } from "../gather.ts"
import { repositoryAlias } from "../names.ts"
import { closingLines, goalsOf } from "../observe.ts"
import { rankOf, thingBody } from "../parts.ts"
import { originOf, references } from "../references.ts"
import { InRepository, PullRequest, type Repository } from "../schemas.ts"
import { tagsOf } from "../tags.ts"
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

  const happened = happening(action, pull)
  if (!happened) return gathering.drafts()
  const tags = tagsOf("pull_request", pull.title, labelsOf(pull))
  const resolved = resolvedBy(pull, repository, document.alias)
  const merged =
    pull.merged_at && pull.merge_commit_sha ? gathering.commit(pull.merge_commit_sha, repository.id) : undefined
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
    }),
  )
  return gathering.drafts()
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
