import { z } from "zod"
import { discussionOf, importance, isRoutine, participantsOf, severityOf } from "../../observe/importance.ts"
import { acceptance, moment } from "../../observe/moment.ts"
import { read } from "../../text/read.ts"
import type { GithubEvent } from "../event.ts"
import { Gathering, isBot } from "../gather.ts"
import { repositoryAlias } from "../names.ts"
import { goalsOf } from "../observe.ts"
import { carriedRank, isRemoval, rankOf, thingBody } from "../parts.ts"
import { InRepository, Repository, Thing } from "../schemas.ts"
import { tagsOf } from "../tags.ts"
import { thingDocument } from "./things.ts"

const Issues = InRepository.extend({
  issue: Thing,
  changes: z.object({ new_issue: Thing.nullish(), new_repository: Repository.nullish() }).nullish(),
})

export function readIssue({ payload, action }: GithubEvent) {
  const { issue, repository, sender, changes } = read(Issues, payload)
  const gathering = new Gathering(issue.updated_at ?? issue.created_at)
  const scope = gathering.repository(repository)
  if (sender) gathering.account(sender)
  const body = thingBody(issue, repository, gathering, { rank: rankOf(action), alive: !isRemoval(action) })
  const document = thingDocument(issue, repository, gathering, [body])
  gathering.document(document)
  if (action === "transferred" && changes?.new_issue && changes.new_repository)
    receiveTransferred(changes.new_issue, changes.new_repository, gathering)

  const happened = happening(action, issue)
  if (!happened) return gathering.drafts()
  const labels = (issue.labels ?? []).map(({ name }) => name)
  const people = new Set([issue.user, ...(issue.assignees ?? [])].map((user) => user?.id))
  const tags = tagsOf("issue", issue.title, labels)
  gathering.moment(
    moment({
      ...happened,
      documentSourceId: document.sourceId,
      thing: document.alias,
      scope,
      headline: `Issue ${repository.full_name}#${issue.number} ${happened.words}: ${issue.title}`,
      description: issue.body,
      evidence: [acceptance(issue.body ?? "")].filter(Boolean),
      importance: importance({
        base: happened.base,
        severity: severityOf([issue.title, ...labels]),
        discussion: discussionOf(issue.comments),
        participants: participantsOf(people.size - 1),
        linked: tags.includes("incident") ? 1 : 0,
        trivial: isRoutine(issue.title, isBot(issue.user)),
      }),
      tags,
      subjects: [
        repositoryAlias(repository.id),
        ...(issue.assignees ?? []).map((user) => gathering.account(user)),
        ...goalsOf(issue.labels),
      ],
      url: issue.html_url,
    }),
  )
  return gathering.drafts()
}

/** The issue goes on under its new number; the new repository's own events say the rest. */
function receiveTransferred(issue: Thing, repository: Repository, gathering: Gathering): void {
  gathering.repository(repository)
  const body = thingBody(issue, repository, gathering, { rank: carriedRank, alive: true })
  gathering.document(thingDocument(issue, repository, gathering, [body]))
}

function happening(action: string, issue: Thing) {
  const updated = issue.updated_at ?? issue.created_at
  if (action === "opened") return { kind: "opened", words: "opened", at: issue.created_at, base: 0.3 }
  if (action === "reopened") return { kind: "reopened", words: "reopened", at: updated, base: 0.3 }
  if (action !== "closed") return undefined
  const at = issue.closed_at ?? updated
  if (issue.state_reason === "not_planned")
    return { kind: "not_planned", words: "closed as not planned", at, base: 0.3 }
  if (issue.state_reason === "duplicate") return { kind: "duplicate", words: "closed as a duplicate", at, base: 0.15 }
  return { kind: "completed", words: "completed", at, base: 0.4 }
}
