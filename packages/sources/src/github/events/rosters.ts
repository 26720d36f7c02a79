import type { PartDraft } from "@engram/contracts/draft"
import type { AliasRef } from "@engram/contracts/graph"
import { z } from "zod"
import { carried, link } from "../../claims.ts"
import { read } from "../../text/read.ts"
import { type GithubEvent, skipped } from "../event.ts"
import { Gathering } from "../gather.ts"
import { organizationAlias, organizationKey, repositoryAlias, teamAlias } from "../names.ts"
import { isRemoval, rankOf } from "../parts.ts"
import { Common, Organization, Repository, Team, User } from "../schemas.ts"

/**
 * A team or an organization is a document whose parts are its members, so that leaving ends the edge that joining drew.
 * These payloads carry no time at all: the time of receipt is the only order there is.
 */

/** A deletion stands whenever it is received: GitHub brings no team or organization back, and gives its number to no other. */
const forGood = Date.UTC(9999, 0)
const timeOf = (action: string, receivedAt: number) => (isRemoval(action) ? forGood : receivedAt)

/** Who was named goes by that name from then on; what is only carried along fills gaps. */
const naming = new Set(["created", "edited", "renamed"])
const namedAt = (action: string, receivedAt: number) => (naming.has(action) ? receivedAt : 0)

const InOrganization = Common.extend({ organization: Organization, team: Team })
const Membership = InOrganization.extend({ member: User.nullable() })

export function readMembership({ payload, action, receivedAt }: GithubEvent) {
  const { organization, team, member, sender } = read(Membership, payload)
  if (!member) return skipped("The account that joined or left the team is gone.")
  const gathering = new Gathering(0)
  if (sender) gathering.account(sender)
  gathering.organization(organization)
  teamDocument(gathering, organization, team, receivedAt, { action: "", proves: action === "added" }, [
    memberPart(
      gathering.account(member),
      member,
      { name: team.name, alias: teamAlias(team.id) },
      receivedAt,
      action === "added",
    ),
  ])
  return gathering.drafts()
}

const Teams = InOrganization.extend({ repository: Repository.nullish() })

/** Also for `team_add`, which says the same as a team's `added_to_repository`. */
export function readTeam({ name, payload, action, receivedAt }: GithubEvent) {
  const { organization, team, repository, sender } = read(Teams, payload)
  const gathering = new Gathering(0)
  if (sender) gathering.account(sender)
  gathering.organization(organization)
  const parts: PartDraft[] = []
  if (repository) {
    gathering.repository(repository)
    const alive = name === "team_add" || action !== "removed_from_repository"
    parts.push(repositoryPart(repository, team.name, receivedAt, alive))
  }
  const proves = action !== "removed_from_repository"
  teamDocument(gathering, organization, team, receivedAt, { action, proves }, parts)
  return gathering.drafts()
}

const Organizations = Common.extend({
  organization: Organization,
  membership: z.object({ user: User.nullish() }).nullish(),
})

export function readOrganization({ payload, action, receivedAt }: GithubEvent) {
  const { organization, membership, sender } = read(Organizations, payload)
  if (action === "member_invited") return skipped("An invitation is not yet a membership.")
  const gathering = new Gathering(0)
  if (sender) gathering.account(sender)
  gathering.organization(organization, namedAt(action, receivedAt))
  const alias = organizationAlias(organization.id)
  const user = membership?.user
  const member =
    user &&
    memberPart(
      gathering.account(user),
      user,
      { name: organization.login, alias },
      receivedAt,
      action === "member_added",
    )
  gathering.document({
    sourceId: organizationKey(organization.id),
    alias,
    parts: [
      {
        partId: "body",
        kind: "body",
        at: timeOf(action, receivedAt),
        rank: rankOf(action),
        ...(action !== "member_removed" && { alive: !isRemoval(action) }),
        fields: { title: organization.login, text: organization.description ?? "" },
        links: {},
      },
      ...(member ? [member] : []),
    ],
  })
  return gathering.drafts()
}

/** A deleted team's members are told one by one as removed, before or after: that proves nothing about the team. */
function teamDocument(
  gathering: Gathering,
  organization: Organization,
  team: Team,
  receivedAt: number,
  { action, proves }: { readonly action: string; readonly proves: boolean },
  parts: readonly PartDraft[],
): void {
  gathering.team(team, organization, namedAt(action, receivedAt))
  gathering.document({
    sourceId: `${organizationKey(organization.id)}/team:${team.id}`,
    alias: teamAlias(team.id),
    parts: [
      {
        partId: "body",
        kind: "body",
        at: timeOf(action, receivedAt),
        rank: rankOf(action),
        ...(proves && { alive: !isRemoval(action) }),
        fields: carried({
          title: `Team ${team.name} of ${organization.login}`,
          text: team.description ?? undefined,
          url: team.html_url ?? undefined,
        }),
        links: { organization: [link("PART_OF", organizationAlias(organization.id))] },
      },
      ...parts,
    ],
  })
}

function memberPart(
  account: AliasRef,
  { id, login }: User,
  group: { readonly name: string; readonly alias: AliasRef },
  at: number,
  alive: boolean,
): PartDraft {
  return {
    partId: `member:${id}`,
    kind: "member",
    at,
    rank: alive ? 1 : 9,
    alive,
    fields: { text: `${login} is a member of ${group.name}.` },
    links: { member: [link("MEMBER_OF", group.alias, account)] },
  }
}

function repositoryPart(repository: Repository, team: string, at: number, alive: boolean): PartDraft {
  return {
    partId: `repository:${repository.id}`,
    kind: "repository",
    at,
    rank: alive ? 1 : 9,
    alive,
    fields: { text: `${team} works on ${repository.full_name}.` },
    links: { repository: [link("RELATES_TO", repositoryAlias(repository.id))] },
  }
}
