import { hash } from "node:crypto"
import type { HistoryDelivery } from "@engram/contracts/history"
import type { Json, JsonObject } from "@engram/contracts/json"

/** What changes by itself, or with who asks: it must not make a repeat look new. */
const volatile = new Set([
  ...["reactions", "reply_count", "reply_users", "reply_users_count", "replies", "latest_reply", "last_read"],
  ...["subscribed", "is_locked", "is_starred", "pinned_to", "pinned_info", "saved", "unread_count", "permalink"],
])

export interface Place {
  readonly id: string
  /** As Slack's events call it. */
  readonly type: "channel" | "group" | "im" | "mpim"
  readonly name: string
}

export const placeOf = (channel: JsonObject): Place => ({
  id: String(channel.id),
  type: channel.is_im ? "im" : channel.is_mpim ? "mpim" : channel.is_private ? "group" : "channel",
  name: typeof channel.name === "string" ? `#${channel.name}` : `direct messages ${channel.id}`,
})

/** A message as its event would have brought it. */
export function messageDelivery(team: string, place: Place, message: JsonObject): HistoryDelivery {
  const kept = Object.fromEntries(Object.entries(message).filter(([name]) => !volatile.has(name)))
  const ts = String(message.ts)
  const event = { type: "message", ...kept, channel: place.id, channel_type: place.type, event_ts: ts }
  return delivery("message", `${place.id}:${ts}`, team, Math.floor(Number(ts)), event)
}

/** A channel as it stands at the time it was asked for, in seconds. */
export function channelDelivery(team: string, channel: JsonObject, askedAt: number): HistoryDelivery {
  const { id, name, created, creator, updated, is_private, is_im, is_mpim, is_archived, is_ext_shared } = channel
  const previously = Array.isArray(channel.previous_names) && channel.previous_names.length > 0
  const said = {
    ...{ id, name, created, creator, updated, is_private, is_im, is_mpim, is_archived, is_ext_shared },
    ...{ renamed: previously, topic: described(channel.topic), purpose: described(channel.purpose) },
  }
  const event = { type: "import_channel", channel: carried(said) }
  return delivery("channel", String(id), team, askedAt, event)
}

/** A member's profile as its change would have brought it; it says itself since when it is so. */
export function userDelivery(team: string, user: JsonObject, askedAt: number): HistoryDelivery {
  const { id, team_id, name, real_name, deleted, is_bot, is_email_confirmed, updated, tz } = user
  const profile = objectOf(user.profile)
  const said = { id, team_id, name, real_name, deleted, is_bot, is_email_confirmed, updated, tz }
  const { display_name, email, title } = profile
  const shown = carried({ real_name: profile.real_name, display_name, email, title })
  return delivery("user", String(id), team, askedAt, {
    type: "user_change",
    user: { ...carried(said), profile: shown },
  })
}

/** The time of asking is no part of the key, so that what is asked for again is a repeat until it has changed. */
function delivery(kind: string, id: string, team: string, seconds: number, event: JsonObject): HistoryDelivery {
  const said = hash("sha256", JSON.stringify(event), "hex").slice(0, 32)
  const body = { type: "event_callback", team_id: team, event_time: seconds, event }
  return {
    source: "slack",
    deliveryKey: `import:${kind}:${id}:${said}`,
    event: `import.${kind}`,
    headers: { "content-type": "application/json" },
    body: Buffer.from(JSON.stringify(body)),
  }
}

/** A topic that nobody ever set is none; an empty one was taken away. */
function described(said: Json | undefined): string | undefined {
  const { value, last_set: setAt } = objectOf(said)
  return typeof value === "string" && (value !== "" || setAt) ? value : undefined
}

const carried = (fields: { readonly [name: string]: Json | undefined }): JsonObject =>
  Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, Json] => entry[1] !== undefined))

const objectOf = (value: Json | undefined): JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}
