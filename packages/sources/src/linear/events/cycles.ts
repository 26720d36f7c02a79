import { z } from "zod"
import { carried, link } from "../../claims.ts"
import { importance } from "../../observe/importance.ts"
import { moment } from "../../observe/moment.ts"
import { read } from "../../text/read.ts"
import { changed, claimOf, isRetold, type LinearEvent } from "../event.ts"
import { Gathering } from "../gather.ts"
import { named, teamAlias } from "../names.ts"
import { Cycle } from "../schemas.ts"

const InData = z.object({ data: Cycle })

/** Cycles come and go by themselves; what is worth telling is how one ended. */
export function readCycle(event: LinearEvent) {
  const { data: cycle } = read(InData, event)
  const claim = claimOf(event, cycle)
  const gathering = new Gathering(event, claim.at)
  const scope = scopeOf(cycle, gathering)
  const { sourceId, alias } = named("cycle", cycle.id)
  const teamId = cycle.teamId ?? cycle.team?.id
  gathering.entity({
    kind: "milestone",
    alias,
    aliases: [],
    fields: carried({ title: cycle.name ?? `Cycle ${cycle.number}`, number: cycle.number }),
  })
  gathering.document({
    sourceId,
    alias,
    parts: [
      {
        partId: "body",
        kind: "body",
        ...claim,
        fields: carried({
          organizationId: event.organizationId,
          title: titleOf(cycle),
          text: bodyOf(cycle),
          url: event.url ?? undefined,
          createdAt: cycle.createdAt ?? undefined,
          state: cycle.completedAt ? "completed" : undefined,
          teamId,
          number: cycle.number,
          progress: progressOf(cycle),
        }),
        links: teamId ? { team: [link("PART_OF", teamAlias(teamId))] } : {},
      },
    ],
  })
  if (claim.alive && (changed(event, "completedAt") || isRetold(event)) && cycle.completedAt)
    gathering.moment(
      moment({
        kind: "completed",
        at: cycle.completedAt,
        documentSourceId: sourceId,
        thing: alias,
        scope,
        headline: `${titleOf(cycle)} ended${progressOf(cycle) ? ` with ${progressOf(cycle)}` : ""}`,
        description: cycle.description,
        importance: importance({ base: 0.3 }),
        subjects: [teamId ? teamAlias(teamId) : undefined],
        url: event.url,
        retold: isRetold(event),
      }),
    )
  return gathering.drafts()
}

function scopeOf({ team, teamId }: Cycle, gathering: Gathering): string {
  if (team) return gathering.team(team)
  return teamId ? gathering.teamScope(teamId) : gathering.organization
}

const titleOf = ({ name, number }: Cycle) => (name ? `Cycle ${number}: ${name}` : `Cycle ${number}`)

const day = (at: number) => new Date(at).toISOString().slice(0, 10)

function bodyOf({ description, startsAt, endsAt }: Cycle): string | undefined {
  const span = startsAt && endsAt ? `From ${day(startsAt)} to ${day(endsAt)}.` : undefined
  return [span, description].filter(Boolean).join("\n\n") || undefined
}

/** The histories hold one number a day; the last ones are how it stands. */
function progressOf({ issueCountHistory, completedIssueCountHistory }: Cycle): string | undefined {
  const [all, done] = [issueCountHistory?.at(-1), completedIssueCountHistory?.at(-1)]
  return all === undefined || done === undefined ? undefined : `${done} of ${all} issues done`
}
