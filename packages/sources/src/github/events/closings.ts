import { z } from "zod"
import { read } from "../../text/read.ts"
import { type GithubEvent, skipped } from "../event.ts"
import { Gathering } from "../gather.ts"
import { thingAlias, thingId } from "../names.ts"
import { InRepository, PullRequest, Time, text } from "../schemas.ts"
import { tellIssue } from "./issues.ts"
import { tellPullRequest } from "./pull-requests.ts"

const ImportedEvent = InRepository.extend({
  event: z.object({
    event: z.string(),
    created_at: Time,
    state_reason: text,
    issue: z.looseObject({ pull_request: z.unknown().optional() }),
  }),
})

/** A closing is told by its thing, with the thing's own time, which may differ by as much. */
const sameMs = 2_000

/**
 * An issue or pull request was closed or reopened once, as the API remembers it: the moment, and nothing of how the thing
 * stands. The closing that still stands is told by the thing itself.
 */
export function readImportedClosing({ payload }: GithubEvent) {
  const { event, repository } = read(ImportedEvent, payload)
  const { event: action, created_at: at } = event
  if (action !== "closed" && action !== "reopened")
    return skipped("Only closings and reopenings are moments of history.")
  const isPull = Boolean(event.issue.pull_request)
  const thing = read(PullRequest, event.issue)
  if (action === "closed" && thing.closed_at && Math.abs(thing.closed_at - at) <= sameMs)
    return skipped("The closing that still stands is told by what was closed.")
  const gathering = new Gathering(thing.updated_at ?? thing.created_at)
  const scope = gathering.repository(repository)
  const document = {
    sourceId: thingId(repository.id, thing.number),
    alias: thingAlias(repository.id, thing.number),
  }
  // As it was then: closed at that time, for that reason, and not merged, since what is merged stays closed.
  const then = { ...thing, updated_at: at, closed_at: at, state_reason: event.state_reason }
  const told = { repository, document, scope, gathering, action, retold: true }
  if (isPull) tellPullRequest({ ...told, pull: { ...then, merged_at: null } })
  else tellIssue({ ...told, issue: { ...then, pull_request: null } })
  return gathering.drafts()
}
