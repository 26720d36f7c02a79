import { z } from "zod"
import { carried } from "../../claims.ts"
import { read } from "../../text/read.ts"
import { claimOf, type LinearEvent } from "../event.ts"
import { Gathering } from "../gather.ts"
import { LabelData, TeamData, UserData } from "../schemas.ts"

const Users = z.object({ data: UserData })

/** Members, and those who left: their work stays, so `active` is all that changes. */
export function readUser(event: LinearEvent) {
  const { data: user } = read(Users, event)
  const gathering = new Gathering(event, claimOf(event, user).at)
  gathering.account(event.action === "remove" ? { ...user, active: false } : user)
  return gathering.drafts()
}

const Teams = z.object({ data: TeamData })

/** Told by imports alone, and with it who may see what is the team's. */
export function readTeam(event: LinearEvent) {
  const { data: team } = read(Teams, event)
  const gathering = new Gathering(event, claimOf(event, team).at)
  gathering.team(team)
  return gathering.drafts()
}

const Labels = z.object({ data: LabelData })

/** A label that was removed stays known by its name; issues lose it by events of their own. */
export function readLabel(event: LinearEvent) {
  const { data: label } = read(Labels, event)
  const claim = claimOf(event, label)
  const gathering = new Gathering(event, claim.at)
  const gone = claim.alive === undefined ? undefined : !claim.alive
  gathering.label(label, carried({ teamId: label.teamId, group: label.isGroup ?? undefined, removed: gone }))
  return gathering.drafts()
}
