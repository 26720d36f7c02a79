import { Rejected } from "@engram/contracts/errors"
import type { History, HistoryDelivery, HistoryPage } from "@engram/contracts/history"
import type { JsonObject } from "@engram/contracts/json"
import type { WebClient } from "@slack/web-api"
import type { SlackKind } from "./kinds.ts"
import { channelDelivery, messageDelivery, type Place, placeOf, userDelivery } from "./payloads.ts"
import { errorIn, inOurWords } from "./slack-words.ts"

export interface SlackHistoryOptions {
  readonly client: WebClient
  readonly kinds: readonly SlackKind[]
  readonly since: Date | undefined
  /** Now, in ms. */
  readonly now?: () => number
}

/** Slack advises at most 200 to a page (docs.slack.dev/apis/web-api/pagination). */
const perPage = 200
/** Nothing lists what was edited, or which threads were replied to: so long before `since` each message is looked at for that. */
const lookBackMs = 90 * 86_400_000

/** Where a page begins. */
type At = UsersAt | ChannelsAt | MessagesAt
interface UsersAt {
  readonly stage: "users"
  readonly cursor?: string
}
interface ChannelsAt {
  readonly stage: "channels"
  readonly cursor?: string
}
/** In the first of these channels, below a message; or, while there are any, in the first of these threads. */
interface MessagesAt {
  readonly stage: "messages"
  readonly channels: readonly Place[]
  /** Where the list of channels goes on afterwards. */
  readonly list?: string
  readonly before?: string
  readonly threads?: readonly string[]
  readonly cursor?: string
  /** All of the channel's messages were had; its threads remain. */
  readonly last?: true
}

interface Asks {
  readonly client: WebClient
  readonly kinds: ReadonlySet<SlackKind>
  readonly since: Date | undefined
  readonly team: string
  readonly now: () => number
}
interface Step {
  readonly deliveries: readonly HistoryDelivery[]
  readonly leftOut?: readonly string[]
  readonly next: At | undefined
}

/** A workspace's past by Slack's Web API: its people, then channel after channel with its threads. */
export function createSlackHistory({ client, kinds, since, now = Date.now }: SlackHistoryOptions): History {
  let known: Promise<string> | undefined
  return {
    page: async (cursor) => {
      known ??= teamOf(client)
      const team = await known.catch((error: unknown) => {
        known = undefined
        throw error
      })
      const asks: Asks = { client, kinds: new Set(kinds), since, team, now }
      const { deliveries, leftOut = [], next } = await step(asks, (cursor as unknown as At) ?? beginning(asks))
      return { deliveries, leftOut, next: next as JsonObject | undefined } satisfies HistoryPage
    },
  }
}

async function teamOf(client: WebClient): Promise<string> {
  const { team_id: team } = await inOurWords("name of the workspace", () => client.auth.test())
  if (team) return team
  throw new Rejected("credentials_refused", "the token is of a whole organization: give one of a workspace")
}

const beginning = ({ kinds }: Asks): At => (kinds.has("users") ? { stage: "users" } : { stage: "channels" })

function step(asks: Asks, at: At): Promise<Step> {
  if (at.stage === "users") return readUsers(asks, at)
  if (at.stage === "channels") return readChannels(asks, at)
  return at.threads?.length ? readReplies(asks, at, at.threads) : readMessages(asks, at)
}

async function readUsers({ client, kinds, team, now }: Asks, { cursor }: UsersAt): Promise<Step> {
  const askedAt = Math.floor(now() / 1_000)
  const answer = await inOurWords("members", () => client.users.list({ limit: perPage, ...(cursor && { cursor }) }))
  const deliveries = listOf(answer.members).map((user) => userDelivery(team, user, askedAt))
  const following = answer.response_metadata?.next_cursor
  if (following) return { deliveries, next: { stage: "users", cursor: following } }
  return { deliveries, next: typesOf(kinds) === "" ? undefined : { stage: "channels" } }
}

const typesOf = (kinds: ReadonlySet<SlackKind>): string =>
  [
    ...(kinds.has("public") ? ["public_channel"] : []),
    ...(kinds.has("private") ? ["private_channel"] : []),
    ...(kinds.has("direct") ? ["mpim", "im"] : []),
  ].join(",")

async function readChannels({ client, kinds, team, now }: Asks, { cursor }: ChannelsAt): Promise<Step> {
  const askedAt = Math.floor(now() / 1_000)
  const answer = await inOurWords("channels", () =>
    client.conversations.list({ types: typesOf(kinds), limit: perPage, ...(cursor && { cursor }) }),
  )
  const channels = listOf(answer.channels)
  const list = answer.response_metadata?.next_cursor
  const deliveries = channels.map((channel) => channelDelivery(team, channel, askedAt))
  return { deliveries, next: nextChannel(channels.map(placeOf), list) }
}

const nextChannel = (channels: readonly Place[], list: string | undefined): At | undefined => {
  if (channels.length > 0) return { stage: "messages", channels, ...(list && { list }) }
  return list ? { stage: "channels", cursor: list } : undefined
}

/** A page of a channel, the newest first, below what was had: a time goes stale never, a cursor may. */
async function readMessages(asks: Asks, at: MessagesAt): Promise<Step> {
  const { client, since, team } = asks
  const { channels, list, before } = at
  const place = channels[0]!
  if (at.last) return { deliveries: [], next: nextChannel(channels.slice(1), list) }
  const answer = await asked(place, () =>
    client.conversations.history({
      ...{ channel: place.id, limit: perPage },
      ...(before && { latest: before, inclusive: false }),
      ...(since && { oldest: timestampOf(since.getTime() - lookBackMs) }),
    }),
  )
  if (typeof answer === "string")
    return { deliveries: [], leftOut: [answer], next: nextChannel(channels.slice(1), list) }
  const messages = listOf(answer.messages)
  const oldest = messages.map(({ ts }) => String(ts)).sort()[0]
  const threads = messages.filter((message) => isThreadOf(message, since)).map(({ ts }) => String(ts))
  const deliveries = messages
    .filter((message) => isWorthwhile(message) && isFresh(message, since))
    .map((message) => messageDelivery(team, place, message))
  const more = answer.has_more === true && oldest !== undefined
  const next = { ...{ stage: "messages" as const, channels }, ...(list && { list }) }
  if (more) return { deliveries, next: { ...next, before: oldest, threads } }
  return {
    deliveries,
    next: threads.length > 0 ? { ...next, threads, last: true } : nextChannel(channels.slice(1), list),
  }
}

/** A page of a thread, the oldest first. Its first message came with the channel's. */
async function readReplies({ client, since, team }: Asks, at: MessagesAt, threads: readonly string[]): Promise<Step> {
  const { channels, cursor, ...stays } = at
  const place = channels[0]!
  const [thread] = threads as [string]
  const answer = await asked(place, () =>
    client.conversations.replies({ channel: place.id, ts: thread, limit: perPage, ...(cursor && { cursor }) }),
  )
  const rest = threads.slice(1)
  const onward: At | undefined =
    rest.length > 0 || !at.last ? { ...stays, channels, threads: rest } : nextChannel(channels.slice(1), at.list)
  if (typeof answer === "string") return { deliveries: [], leftOut: [answer], next: onward }
  const deliveries = listOf(answer.messages)
    .filter((message) => message.ts !== thread && isWorthwhile(message) && isFresh(message, since))
    .map((message) => messageDelivery(team, place, message))
  const following = answer.response_metadata?.next_cursor
  return { deliveries, next: following ? { ...stays, channels, threads, cursor: following } : onward }
}

/** Why a conversation cannot be read, for those that the token may list and not open. */
const unread: { readonly [error: string]: string } = {
  not_in_channel: "the app is not in it; invite it, and import again",
  channel_not_found: "this token cannot open it",
  thread_not_found: "a thread went while it was asked for",
}

async function asked<T>(place: Place, ask: () => Promise<T>): Promise<T | string> {
  return inOurWords(`messages of ${place.name}`, async () => {
    try {
      return await ask()
    } catch (error) {
      const reason = unread[errorIn(error) ?? ""]
      if (reason === undefined) throw error
      return `${place.name}: ${reason}`
    }
  })
}

/** Who came and left is most of what some channels hold, and nothing that was said. */
const isWorthwhile = ({ subtype }: JsonObject): boolean =>
  !["channel_join", "channel_leave", "group_join", "group_leave"].includes(String(subtype))

/** Written or edited since. */
function isFresh({ ts, edited }: JsonObject, since: Date | undefined): boolean {
  if (since === undefined) return true
  const editedAt = (edited as { readonly ts?: string } | undefined)?.ts
  return [ts, editedAt].some((each) => Number(each) * 1_000 >= since.getTime())
}

/** The first message of a thread that was replied to since. */
function isThreadOf(
  { ts, thread_ts: thread, reply_count: replies, latest_reply: latest }: JsonObject,
  since: Date | undefined,
): boolean {
  if (thread !== ts || !replies) return false
  return since === undefined || latest === undefined || Number(latest) * 1_000 >= since.getTime()
}

const timestampOf = (ms: number): string => (Math.max(0, ms) / 1_000).toFixed(6)

/** The SDK's answers are parsed JSON, which its types do not say. */
const listOf = (list: readonly object[] | undefined): readonly JsonObject[] => (list ?? []) as readonly JsonObject[]
