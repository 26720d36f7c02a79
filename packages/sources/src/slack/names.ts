import type { AliasRef } from "@engram/contracts/graph"

/** How Slack's things are named in the graph, and how documents are identified. Ids survive renames. */

const alias = (type: string, value: string): AliasRef => ({ type: `slack:${type}`, value })

/** `team` is the workspace that the event was sent for: mentions in its texts name users by id alone. */
export const userAlias = (team: string, id: string) => alias("user", `${team}:${id}`)
/** An integration without a user of its own. */
export const botAlias = (team: string, id: string) => alias("bot", `${team}:${id}`)
export const groupAlias = (team: string, id: string) => alias("group", `${team}:${id}`)
export const teamAlias = (id: string) => alias("team", id)
export const channelAlias = (id: string) => alias("channel", id)
/** A message; a thread goes by its first one, and by all others too. */
export const messageAlias = (channel: string, ts: string) => alias("message", `${channel}:${ts}`)
export const emailAlias = (address: string): AliasRef => ({ type: "email:address", value: address.toLowerCase() })

/** An id says by its first letter what it is: users `U…` and `W…`, integrations `B…`. */
export const accountAlias = (team: string, id: string) =>
  id.startsWith("B") ? botAlias(team, id) : userAlias(team, id)

/** What a mentioned id stands for. */
export function mentionedAlias(team: string, id: string): AliasRef {
  if (/^[CGD]/.test(id)) return channelAlias(id)
  return id.startsWith("S") ? groupAlias(team, id) : accountAlias(team, id)
}

/** Slack's own voice. */
export const slackbot = "USLACKBOT"

/** A thread is the channel and its first message; a lone message is a thread of one. */
export const threadId = (channel: string, root: string) => `${channel}:${root}`
export const partId = (ts: string) => `message:${ts}`

/** What a document's id says. A document without a message in it is the channel itself. */
export function readDocumentId(sourceId: string): { readonly channel: string; readonly root?: string } {
  const [channel = "", root] = sourceId.split(":", 2)
  return root === undefined ? { channel } : { channel, root }
}
