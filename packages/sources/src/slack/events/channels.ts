import type { PartDraft, ScopeDraft } from "@engram/contracts/draft"
import type { Json } from "@engram/contracts/json"
import { z } from "zod"
import { carried, link } from "../../claims.ts"
import { importance } from "../../observe/importance.ts"
import { moment } from "../../observe/moment.ts"
import { read } from "../../text/read.ts"
import type { SlackEvent } from "../event.ts"
import { Gathering, privacyOf } from "../gather.ts"
import { channelAlias, teamAlias, userAlias } from "../names.ts"
import { ranks } from "../parts.ts"
import { Channel, Id, OfChannel, text, WithChannel } from "../schemas.ts"
import { isIncidentChannel } from "../tags.ts"
import { Mentions } from "../text/mentions.ts"
import { mrkdwn } from "../text/mrkdwn.ts"
import { clockOf, Ts } from "../time.ts"

type Privacy = Pick<ScopeDraft, "privacy">
const secret: Privacy = { privacy: "private" }
/** A channel is a document too: what it is called and for, and who is in it. */
const channelDocument = (id: string, parts: readonly PartDraft[]) => ({ sourceId: id, alias: channelAlias(id), parts })

const body = (at: number, fields: PartDraft["fields"], alive = true): PartDraft => ({
  partId: "body",
  kind: "body",
  at,
  rank: alive ? ranks.carried : ranks.removed,
  alive,
  fields,
  links: {},
})

/** A channel that was made, or has a new name. One that is named for an incident is the first sign of it. */
export const readNamed =
  (kind: "opened" | "renamed", told: Privacy = {}) =>
  ({ payload, team, sentAt }: SlackEvent) => {
    const { event } = read(WithChannel, payload)
    const { id, created } = event.channel
    const name = event.channel.name || undefined
    const creator = event.channel.creator || undefined
    const at = timeOf(event, sentAt)
    const gathering = new Gathering(team, at)
    gathering.channel(id, { name, team })
    gathering.scope(id, { ...(name && { name: `#${name}` }), ...privacyIn(event.channel), ...told })
    if (creator) gathering.account(creator)
    const createdAt = created ? created * 1_000 : undefined
    // An import knows of its making only the second.
    const happenedAt = kind === "opened" ? (createdAt ?? at) : at
    gathering.document(channelDocument(id, [body(at, carried({ team, name, creator, createdAt }))]))
    if (name && isIncidentChannel(name)) gathering.moment(incident({ kind, id, name, creator, team, at: happenedAt }))
    return gathering.drafts()
  }

interface IncidentChannel {
  readonly retold?: boolean
  readonly kind: "opened" | "renamed"
  readonly id: string
  readonly name: string
  readonly creator: string | undefined
  readonly team: string
  readonly at: number
}

const incident = ({ kind, id, name, creator, team, at, retold = false }: IncidentChannel) =>
  moment({
    documentSourceId: id,
    thing: channelAlias(id),
    kind,
    at: Math.floor(at),
    scope: id,
    headline: kind === "opened" ? `Incident channel #${name} opened` : `Channel renamed to #${name}`,
    importance: importance({ base: 0.2, linked: 1 }),
    tags: ["incident"],
    subjects: [channelAlias(id), creator ? userAlias(team, creator) : undefined],
    url: `https://app.slack.com/client/${team}/${id}`,
    retold,
  })

const ImportedChannel = z.object({
  event: z.object({
    channel: Channel.extend({
      is_archived: z.boolean().nullish(),
      is_ext_shared: z.boolean().nullish(),
      /** It had another name before. */
      renamed: z.boolean().nullish(),
      topic: text,
      purpose: text,
    }),
  }),
})

/** A channel as it stands at the moment it was asked for, which is the clock of all that is said of it. */
export function readImportedChannel({ payload, team, sentAt }: SlackEvent) {
  const { event } = read(ImportedChannel, payload)
  const { id, created, is_archived: archived, is_ext_shared: shared, renamed, topic, purpose } = event.channel
  const name = event.channel.name || undefined
  const creator = event.channel.creator || undefined
  const gathering = new Gathering(team, sentAt)
  gathering.channel(id, { name, team })
  gathering.scope(id, { ...(name && { name: `#${name}` }), ...privacyIn(event.channel) })
  // Direct messages are no channel that has a name and a purpose.
  if (event.channel.is_im || event.channel.is_mpim) return gathering.drafts()
  if (creator) gathering.account(creator)
  const createdAt = created ? created * 1_000 : undefined
  const described = (said: string | null | undefined) => (said ? mrkdwn(said, new Mentions()) : (said ?? undefined))
  const fields = carried({
    ...{ team, name, creator, createdAt, archived: archived ?? undefined, externallyShared: shared ?? undefined },
    ...{ topic: described(topic), purpose: described(purpose) },
  })
  gathering.document(channelDocument(id, [body(sentAt, fields)]))
  if (name && createdAt && !renamed && isIncidentChannel(name))
    gathering.moment(incident({ kind: "opened", id, name, creator, team, at: createdAt, retold: true }))
  return gathering.drafts()
}

function privacyIn({ is_private, is_im, is_mpim }: z.infer<typeof WithChannel>["event"]["channel"]): Privacy {
  if (is_private || is_im || is_mpim) return secret
  return is_private === false ? { privacy: "org" } : {}
}

/** What an event that only names the channel changes of it. */
const changes =
  (fields: { readonly [name: string]: Json }, told: Privacy = {}) =>
  ({ payload, team, sentAt }: SlackEvent) => {
    const { event } = read(OfChannel, payload)
    const at = timeOf(event, sentAt)
    const gathering = new Gathering(team, at)
    gathering.channel(event.channel, fields)
    gathering.scope(event.channel, { ...privacyOf(event.channel_type), ...told })
    gathering.document(channelDocument(event.channel, [body(at, { team, ...fields })]))
    return gathering.drafts()
  }

const timeOf = (event: { event_ts?: string | null | undefined; ts?: string | null | undefined }, sentAt: number) => {
  const ts = event.event_ts ?? event.ts
  return ts ? clockOf(ts) : sentAt
}

export const readArchived = (archived: boolean, told: Privacy = {}) => changes({ archived }, told)
export const readConverted = (privacy: "org" | "private") => changes({}, { privacy })
export const readShared = (externallyShared: boolean) => changes({ externallyShared })

/** What Slack deletes is gone: the channel, and with its scope whatever was said in it. */
export const readDeletedChannel =
  (told: Privacy = {}) =>
  ({ payload, team, sentAt }: SlackEvent) => {
    const { event } = read(OfChannel, payload)
    const at = timeOf(event, sentAt)
    const gathering = new Gathering(team, at)
    gathering.channel(event.channel, { deleted: true })
    gathering.scope(event.channel, { ...told, alive: false })
    gathering.document(channelDocument(event.channel, [body(at, {}, false)]))
    return gathering.drafts()
  }

const Described = z.object({ event: OfChannel.shape.event.extend({ topic: text, purpose: text, name: text }) })

/** The notices in a channel that its topic, its purpose or its name was changed. */
export const readDescribed =
  (field: "topic" | "purpose" | "name") =>
  ({ payload, team, sentAt }: SlackEvent) => {
    const { event } = read(Described, payload)
    const at = timeOf(event, sentAt)
    const said = event[field] ?? ""
    const value = field === "name" ? said : mrkdwn(said, new Mentions())
    const gathering = new Gathering(team, at)
    gathering.channel(event.channel, field === "name" ? { name: value || undefined, team } : { team })
    gathering.scope(event.channel, {
      ...(field === "name" && value && { name: `#${value}` }),
      ...privacyOf(event.channel_type),
    })
    gathering.document(channelDocument(event.channel, [body(at, { team, [field]: value })]))
    return gathering.drafts()
  }

const IdChanged = z.object({ event: z.object({ old_channel_id: Id, new_channel_id: Id, event_ts: Ts.nullish() }) })

/** The channel goes on under another id; as an entity it goes by the old one too. What was said keeps its old scope. */
export function readIdChanged({ payload, team, sentAt }: SlackEvent) {
  const { event } = read(IdChanged, payload)
  const gathering = new Gathering(team, timeOf(event, sentAt))
  gathering.entity({
    kind: "channel",
    alias: channelAlias(event.new_channel_id),
    aliases: [channelAlias(event.old_channel_id)],
    fields: { team },
  })
  return gathering.drafts()
}

const Member = z.object({ event: OfChannel.shape.event.extend({ user: Id }) })

/** Who is in a channel is an edge that leaving ends. Channel types are letters here: `G` is private, `C` need not be public. */
export const readMember =
  (joined: boolean) =>
  ({ payload, team, sentAt }: SlackEvent) => {
    const { event } = read(Member, payload)
    const { channel, user } = event
    const at = timeOf(event, sentAt)
    const gathering = new Gathering(team, at)
    gathering.account(user)
    gathering.channel(channel, { team })
    gathering.scope(channel, event.channel_type === "G" ? secret : {})
    const member: PartDraft = {
      partId: `member:${user}`,
      kind: "member",
      at,
      rank: joined ? ranks.carried : ranks.removed,
      alive: joined,
      fields: { team, user },
      links: { member: [link("MEMBER_OF", channelAlias(channel), userAlias(team, user))] },
    }
    gathering.document(channelDocument(channel, [member]))
    return gathering.drafts()
  }

const Team = z.object({ event: z.object({ name: text, domain: text, event_ts: Ts.nullish() }) })

export function readTeam({ payload, team, sentAt }: SlackEvent) {
  const { event } = read(Team, payload)
  const gathering = new Gathering(team, timeOf(event, sentAt))
  gathering.entity({
    kind: "organization",
    alias: teamAlias(team),
    aliases: [],
    fields: { name: event.name || undefined, domain: event.domain || undefined },
  })
  return gathering.drafts()
}
