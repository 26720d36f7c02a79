import { z } from "zod"
import { read } from "../../text/read.ts"
import type { SlackEvent } from "../event.ts"
import { Gathering } from "../gather.ts"
import { emailAlias, groupAlias, userAlias } from "../names.ts"
import { Id, text, User } from "../schemas.ts"
import { clockOf, Ts } from "../time.ts"

const UserEvent = z.object({ event: z.object({ user: User, event_ts: Ts.nullish() }) })

/** What a profile says now. Slack asks for a confirmed address before anybody joins, so one it does not doubt is verified. */
export function readUser({ payload, team, sentAt }: SlackEvent) {
  const { event } = read(UserEvent, payload)
  const { id, profile, name, is_bot: bot, deleted, updated, is_email_confirmed: confirmed } = event.user
  const changedAt = updated ? updated * 1_000 : sentAt
  const gathering = new Gathering(team, event.event_ts ? clockOf(event.event_ts) : changedAt)
  const email = profile?.email?.trim().toLowerCase() || undefined
  const verified = email !== undefined && confirmed !== false && bot !== true
  gathering.entity({
    kind: "account",
    alias: userAlias(team, id),
    aliases: verified ? [emailAlias(email)] : [],
    fields: {
      name: profile?.real_name || event.user.real_name || undefined,
      handle: profile?.display_name || name || undefined,
      email,
      emailVerified: email === undefined ? undefined : verified,
      title: profile?.title || undefined,
      bot: bot ?? undefined,
      deleted: deleted ?? undefined,
    },
  })
  return gathering.drafts()
}

const Group = z.object({
  event: z.object({
    subteam: z.object({ id: Id, name: text, handle: text, description: text, date_delete: z.number().nullish() }),
    event_ts: Ts.nullish(),
  }),
})

/** A user group, as messages mention it. */
export function readGroup({ payload, team, sentAt }: SlackEvent) {
  const { event } = read(Group, payload)
  const { id, name, handle, description, date_delete: deletedAt } = event.subteam
  const gathering = new Gathering(team, event.event_ts ? clockOf(event.event_ts) : sentAt)
  gathering.entity({
    kind: "team",
    alias: groupAlias(team, id),
    aliases: [],
    fields: {
      name: name || undefined,
      handle: handle || undefined,
      description: description || undefined,
      deleted: deletedAt ? true : undefined,
    },
  })
  return gathering.drafts()
}
