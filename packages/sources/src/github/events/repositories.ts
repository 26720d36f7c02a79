import { z } from "zod"
import { carried, latest, link } from "../../claims.ts"
import { importance } from "../../observe/importance.ts"
import { moment } from "../../observe/moment.ts"
import { read } from "../../text/read.ts"
import { type GithubEvent, skipped } from "../event.ts"
import { Gathering, receiptTime, repositoryTime } from "../gather.ts"
import { repositoryAlias, withinRepository } from "../names.ts"
import { authorFields, inRepository, isRemoval, rankOf } from "../parts.ts"
import { InRepository, Label, Milestone, User } from "../schemas.ts"

/** What became of a repository is what its entity says: its name, its owner, who may see it. */
export function readRepository({ payload, action }: GithubEvent) {
  const { repository, sender } = read(InRepository, payload)
  const gathering = new Gathering(repositoryTime(repository) ?? 0)
  gathering.repository(repository, action === "deleted" ? { deleted: true } : {})
  if (sender) gathering.account(sender)
  return gathering.drafts()
}

const Member = InRepository.extend({ member: User.nullable() })

/** Who may write to a repository is access, not membership: the accounts become known, no edge is drawn. */
export function readMember({ payload }: GithubEvent) {
  const { repository, sender, member } = read(Member, payload)
  if (!member) return skipped("The account that may write to the repository is gone.")
  const gathering = new Gathering(repositoryTime(repository) ?? 0)
  gathering.repository(repository)
  gathering.account(member)
  if (sender) gathering.account(sender)
  return gathering.drafts()
}

const Labels = InRepository.extend({ label: Label.extend({ id: z.int() }) })

export function readLabel({ payload, action, receivedAt }: GithubEvent) {
  const { repository, label } = read(Labels, payload)
  if (isRemoval(action)) return skipped("A deleted label leaves its issues by events of their own.")
  const gathering = new Gathering(repositoryTime(repository) ?? 0)
  gathering.repository(repository)
  gathering.label(label, repository.id, receiptTime(repository, receivedAt))
  return gathering.drafts()
}

const Milestones = InRepository.extend({
  milestone: Milestone,
  changes: z.object({ description: z.unknown() }).nullish(),
})

/** A milestone with a description is a text to keep; one without is only a name. */
export function readMilestone({ payload, action, receivedAt }: GithubEvent) {
  const { milestone, repository, sender, changes } = read(Milestones, payload)
  const at = latest(milestone.updated_at, milestone.closed_at, milestone.created_at) ?? receivedAt
  const gathering = new Gathering(at)
  const scope = gathering.repository(repository)
  if (sender) gathering.account(sender)
  const author = milestone.creator ? gathering.account(milestone.creator) : undefined
  const alias = gathering.milestone(milestone)
  const described = Boolean(milestone.description?.trim())
  // A description that was taken away ends the document that it was.
  if (!described && changes?.description === undefined && !isRemoval(action)) return gathering.drafts()
  const place = inRepository(repository)
  const sourceId = withinRepository(repository.id, "milestone", milestone.number)
  gathering.document({
    sourceId,
    alias,
    parts: [
      {
        partId: "body",
        kind: "body",
        at,
        rank: rankOf(action),
        alive: described && !isRemoval(action),
        fields: carried({
          ...place.fields,
          ...authorFields(milestone.creator),
          number: milestone.number,
          title: milestone.title,
          text: milestone.description ?? "",
          url: milestone.html_url ?? undefined,
          createdAt: milestone.created_at ?? undefined,
          state: milestone.state ?? undefined,
          dueAt: milestone.due_on,
        }),
        links: { ...place.links, ...(author && { author: [link("AUTHORED_BY", author)] }) },
      },
    ],
  })
  if (action === "closed" && milestone.closed_at)
    gathering.moment(
      moment({
        documentSourceId: sourceId,
        thing: alias,
        kind: "closed",
        at: milestone.closed_at,
        scope,
        headline: `Milestone ${milestone.title} of ${repository.full_name} closed`,
        description: milestone.description,
        importance: importance({ base: 0.35, linked: 1 }),
        tags: ["release"],
        subjects: [repositoryAlias(repository.id)],
        url: milestone.html_url,
      }),
    )
  return gathering.drafts()
}
