import type { DocumentDraft, PartDraft } from "@engram/contracts/draft"
import { carried } from "../claims.ts"
import type { Gathering } from "./gather.ts"
import { messageAlias, partId, slackbot, threadId } from "./names.ts"
import type { Message } from "./schemas.ts"
import type { Readable } from "./text/readable.ts"
import { clockOf } from "./time.ts"

/** A message as it is carried along says least, an edit more, a removal most. */
export const ranks = { carried: 1, edited: 3, removed: 9 } as const

/** When a message last changed, as far as it says itself. Of edits it tells the second, so their own events count for more. */
export const standingSince = ({ ts, edited }: Message): number => Math.max(clockOf(ts), edited ? clockOf(edited.ts) : 0)

export interface Claim {
  /** ms with the fraction */
  readonly at: number
  readonly rank: number
}

/** A message as one part of its thread. Mentions are left out only where they were never otherwise: of an unedited message without any. */
export function messagePart(message: Message, said: Readable, team: string, claim: Claim): PartDraft {
  const changed = claim.rank === ranks.edited || Boolean(message.edited)
  return {
    partId: partId(message.ts),
    kind: "message",
    ...claim,
    alive: true,
    fields: carried({
      team,
      user: message.user || message.bot_id || undefined,
      bot: message.bot_id || message.subtype === "bot_message" || message.user === slackbot ? true : undefined,
      text: said.markdown,
      mentions: said.mentions.length > 0 || changed ? said.mentions : undefined,
      createdAt: clockOf(message.ts),
    }),
    links: {},
  }
}

export const removedMessage = (ts: string, at: number): PartDraft => ({
  partId: partId(ts),
  kind: "message",
  at,
  rank: ranks.removed,
  alive: false,
  fields: {},
  links: {},
})

/** The thread that a message stands in; as an entity it goes by all its messages, so that a link to any of them finds it. */
export function threadOf(
  channel: string,
  root: string,
  parts: readonly PartDraft[],
  gathering: Gathering,
): DocumentDraft {
  const alias = messageAlias(channel, root)
  const others = parts.filter((part) => part.alive && part.partId !== partId(root))
  gathering.entity({
    kind: "thing",
    alias,
    aliases: others.map((part) => messageAlias(channel, part.partId.slice("message:".length))),
    fields: { channel },
  })
  return { sourceId: threadId(channel, root), alias, parts }
}

/** Whoever wrote it, with the names that the message happens to carry. */
export function claimAuthor(message: Message, gathering: Gathering): void {
  const id = message.user || message.bot_id
  if (!id) return
  const { user_profile: profile, bot_profile: bot, username } = message
  gathering.account(
    id,
    message.user
      ? { name: profile?.real_name || undefined, handle: profile?.display_name || profile?.name || undefined }
      : { name: username || bot?.name || undefined },
  )
}
