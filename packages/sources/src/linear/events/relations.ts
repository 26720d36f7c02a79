import type { MomentDraft, PartDraft } from "@engram/contracts/draft"
import { Rejected } from "@engram/contracts/errors"
import type { Link } from "@engram/contracts/graph"
import { z } from "zod"
import { carried } from "../../claims.ts"
import { importance } from "../../observe/importance.ts"
import { moment } from "../../observe/moment.ts"
import { read } from "../../text/read.ts"
import { shorten } from "../../text/shorten.ts"
import { claimOf, isRetold, type LinearEvent, skipped } from "../event.ts"
import { Gathering } from "../gather.ts"
import { issueAlias, named } from "../names.ts"
import { aboutFields } from "../parts.ts"
import { type IssueChild, Relation } from "../schemas.ts"

const InData = z.object({ data: Relation })

const meanings: {
  readonly [type: string]: { readonly type: Link["type"]; readonly words: string; readonly confidence: number }
} = {
  blocks: { type: "BLOCKED_BY", words: "Blocked by", confidence: 1 },
  duplicate: { type: "DUPLICATES", words: "Duplicate of", confidence: 1 },
  related: { type: "RELATES_TO", words: "Related to", confidence: 1 },
  similar: { type: "RELATES_TO", words: "Similar to", confidence: 0.5 },
}

/** One end of a relation: its id always, the issue itself if the payload carries it. */
interface End {
  readonly id: string
  readonly issue: IssueChild | null | undefined
}

/** A part of the issue it says something of: `blocks` is told on the blocked one, all else on the one it starts from. */
export function readRelation(event: LinearEvent) {
  const { data: relation } = read(InData, event)
  const meaning = meanings[relation.type]
  if (!meaning) return skipped(`Unknown type of relation: ${shorten(relation.type, 100)}.`)
  const from = endOf(relation.issueId, relation.issue, "data.issueId")
  const to = endOf(relation.relatedIssueId, relation.relatedIssue, "data.relatedIssueId")
  const [own, other] = relation.type === "blocks" ? [to, from] : [from, to]
  const claim = claimOf(event, relation)
  const gathering = new Gathering(event, claim.at)
  for (const { issue } of [own, other]) if (issue) gathering.issue(issue)
  const part: PartDraft = {
    partId: `relation:${relation.id}`,
    kind: "relation",
    ...claim,
    fields: carried({
      organizationId: event.organizationId,
      relation: relation.type,
      // Only its key is told: the other issue may belong to a team that not everybody sees.
      text: `${meaning.words} ${other.issue?.identifier ?? "another issue"}`,
      createdAt: relation.createdAt ?? undefined,
      ...aboutFields(own.issue ?? {}),
    }),
    links: { related: [{ type: meaning.type, to: issueAlias(other.id), confidence: meaning.confidence }] },
  }
  gathering.document({ ...named("issue", own.id), parts: [part] })
  if (claim.alive && relation.type === "blocks" && (event.action === "create" || isRetold(event))) {
    const at = relation.createdAt ?? event.createdAt
    const told = blockedMoment(own, other, at, scopeOf(own.issue, gathering))
    gathering.moment(isRetold(event) ? { ...told, retold: true } : told)
  }
  return gathering.drafts()
}

function endOf(id: string | null | undefined, issue: IssueChild | null | undefined, path: string): End {
  const known = id ?? issue?.id
  if (known) return { id: known, issue }
  throw new Rejected("payload_unreadable", `${path} cannot be read: a relation names two issues`, { path })
}

function blockedMoment(own: End, other: End, at: number, scope: string): MomentDraft {
  const { sourceId, alias } = named("issue", own.id)
  const name = [own.issue?.identifier, own.issue?.title].filter(Boolean).join(": ") || "of unknown name"
  return moment({
    kind: "blocked",
    at,
    documentSourceId: sourceId,
    thing: alias,
    scope,
    headline: `Issue ${name} is blocked by ${other.issue?.identifier ?? "another issue"}`,
    importance: importance({ base: 0.35 }),
    tags: ["blocked", "dependency"],
    subjects: [alias, issueAlias(other.id)],
    url: own.issue?.url,
  })
}

function scopeOf(issue: IssueChild | null | undefined, gathering: Gathering): string {
  if (issue?.team) return gathering.team(issue.team)
  return issue?.teamId ? gathering.teamScope(issue.teamId) : gathering.organization
}
