import { read } from "../../text/read.ts"
import { type SlackEvent, skipped } from "../event.ts"
import { Gathering, privacyOf } from "../gather.ts"
import { claimAuthor, messagePart, ranks, removedMessage, standingSince, threadOf } from "../parts.ts"
import { Changed, Deleted, Message, Posted } from "../schemas.ts"
import { objectOf } from "../text/lenient.ts"
import { type Readable, readable } from "../text/readable.ts"
import { clockOf } from "../time.ts"

/** Messages that are somebody's words, by their subtype; one without is, too. */
export const wordSubtypes = [
  "bot_message",
  "file_comment",
  "file_mention",
  "file_share",
  "me_message",
  "reply_broadcast",
  "slackbot_response",
  "thread_broadcast",
]
const isWords = (subtype: string | null | undefined) => !subtype || wordSubtypes.includes(subtype)

/** A message as posted: alone, in a thread, to a thread and its channel at once, with files, by a person or an app. */
export function readPosted({ payload, team }: SlackEvent) {
  const { event: message } = read(Posted, payload)
  const said = readable(message)
  if (said.markdown === "") return skipped("A message without anything to read in it.")
  const { channel, thread_ts: thread, channel_type: type, event_ts: at } = message
  const gathering = new Gathering(team, clockOf(at ?? message.ts))
  const parts = [messagePart(message, said, team, { at: standingSince(message), rank: ranks.carried })]
  const root = rootOf(message.root)
  if (root && root.ts === thread && root.said.markdown !== "") {
    parts.push(messagePart(root, root.said, team, { at: standingSince(root), rank: ranks.carried }))
    claimAuthor(root, gathering)
  }
  claimAuthor(message, gathering)
  gathering.channel(channel)
  gathering.scope(channel, privacyOf(type))
  gathering.document(threadOf(channel, thread ?? message.ts, parts, gathering))
  return gathering.drafts()
}

/** The first message of the thread, which a broadcast carries along. */
function rootOf(carried: unknown): (Message & { readonly said: Readable }) | undefined {
  const root = Message.safeParse(carried)
  return root.success && isWords(root.data.subtype) ? { ...root.data, said: readable(root.data) } : undefined
}

/**
 * A change carries the whole message. Where its words are what they were (a link was given a preview, a reply was counted) it
 * claims no more than what the message says since it was written or edited: known already, and then nothing is written.
 */
export function readChanged({ payload, team }: SlackEvent) {
  const { event } = read(Changed, payload)
  const { channel, channel_type: type, message, previous_message: previous } = event
  const at = clockOf(event.event_ts ?? event.ts)
  const gathering = new Gathering(team, at)
  gathering.scope(channel, privacyOf(type))
  const root = message.thread_ts ?? message.ts
  if (message.subtype === "tombstone") {
    gathering.document(threadOf(channel, root, [removedMessage(message.ts, at)], gathering))
    return gathering.drafts()
  }
  if (!isWords(message.subtype)) return skipped("A notice of Slack's own was changed; it is nobody's words.")
  const said = readable(message)
  const same = typeof previous === "object" && previous !== null && isSame(said, readable(objectOf(previous)))
  if (same && said.markdown === "") return skipped("A message without anything to read in it, before and after.")
  const claim = same ? { at: standingSince(message), rank: ranks.carried } : { at, rank: ranks.edited }
  claimAuthor(message, gathering)
  gathering.channel(channel)
  gathering.document(threadOf(channel, root, [messagePart(message, said, team, claim)], gathering))
  return gathering.drafts()
}

const isSame = (a: Readable, b: Readable) =>
  a.markdown === b.markdown &&
  a.mentions.length === b.mentions.length &&
  a.mentions.every((id, at) => id === b.mentions[at])

/** What the message was tells which thread it stood in. Without that it is taken for one that began a thread. */
export function readDeleted({ payload, team }: SlackEvent) {
  const { event } = read(Deleted, payload)
  const { channel, channel_type: type, deleted_ts: ts, previous_message: previous } = event
  const at = clockOf(event.event_ts ?? event.ts)
  const gathering = new Gathering(team, at)
  gathering.scope(channel, privacyOf(type))
  gathering.document(threadOf(channel, previous?.thread_ts ?? ts, [removedMessage(ts, at)], gathering))
  return gathering.drafts()
}
