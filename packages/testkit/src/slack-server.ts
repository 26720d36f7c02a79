import { type Answer, Refused, type Request, type StrictServer, startStrictServer } from "./strict-server.ts"

// biome-ignore lint/suspicious/noExplicitAny: whatever Slack answers; tests take it from recorded payloads
export type SlackObject = { [name: string]: any }

/** A conversation with all that was said in it; replies stand among the others, with their `thread_ts`. */
export interface SlackConversation {
  readonly channel: SlackObject
  readonly messages: SlackObject[]
}

export interface SlackServer extends StrictServer {
  readonly token: string
  readonly team: string
  /** Tests change these at will. */
  readonly users: SlackObject[]
  readonly conversations: SlackConversation[]
  /** The method is refused from now on for want of this scope; undefined lets it through again. */
  forbid(method: string, needed: string | undefined): void
  /** Requests that came too fast for Slack. */
  refusedForPace(): number
}

export interface SlackServerOptions {
  /** Of one method; Slack's for reading is some 50 (docs.slack.dev/apis/web-api/rate-limits, tier 3). */
  readonly requestsPerMinute?: number
  /** Slack's minute, shorter for tests. */
  readonly minuteMs?: number
}

const limitMax = 1_000
const listDefault = 100

/** Arguments of each method (docs.slack.dev/reference/methods). */
const methods: { readonly [method: string]: readonly string[] } = {
  "auth.test": [],
  "users.list": ["cursor", "limit", "include_locale", "team_id"],
  "conversations.list": ["cursor", "limit", "types", "exclude_archived", "team_id"],
  "conversations.history": ["channel", "cursor", "limit", "latest", "oldest", "inclusive", "include_all_metadata"],
  "conversations.replies": [
    "channel",
    "ts",
    "cursor",
    "limit",
    "latest",
    "oldest",
    "inclusive",
    "include_all_metadata",
  ],
}

/**
 * Slack's Web API as far as an import asks, over real HTTP: the token, arguments, pages and their cursors, membership, scopes, and
 * so many requests a minute of each method (429 with Retry-After beyond). As Slack does, it answers 200 to what it refuses.
 */
export async function startSlackServer(options: SlackServerOptions = {}): Promise<SlackServer> {
  const { requestsPerMinute = 100_000, minuteMs = 60_000 } = options
  const token = "xoxb-test-token"
  const team = "T123ABC456"
  const users: SlackObject[] = []
  const conversations: SlackConversation[] = []
  const needed = new Map<string, string>()
  const recent = new Map<string, number[]>()
  let refused = 0

  const keepPace = (method: string): void => {
    const now = performance.now()
    const asked = (recent.get(method) ?? []).filter((at) => at > now - minuteMs)
    recent.set(method, asked)
    if (asked.length < requestsPerMinute) return void asked.push(now)
    refused++
    const seconds = Math.max(1, Math.ceil((asked[0]! + minuteMs - now) / 1_000))
    throw new Refused(429, { ok: false, error: "ratelimited" }, { "retry-after": String(seconds) })
  }

  const handle = (request: Request): Answer => {
    const method = request.path.replace("/api/", "")
    if (!request.path.startsWith("/api/") || !Object.hasOwn(methods, method)) throw no("unknown_method")
    const given = argumentsOf(request, method, token)
    keepPace(method)
    const scope = needed.get(method)
    if (scope) throw no("missing_scope", { needed: scope, provided: "users:read" })
    return { status: 200, body: { ok: true, ...answer(method, given) } }
  }

  const answer = (method: string, given: URLSearchParams): object => {
    if (method === "auth.test")
      return { team_id: team, team: "Acme", user_id: "U0BOT00001", url: "https://acme.slack.com/" }
    if (method === "users.list") return listed("members", users, given)
    if (method === "conversations.list")
      return listed("channels", conversations.filter(ofTypes(given)).map(shown), given)
    const conversation = conversations.find(({ channel }) => channel.id === given.get("channel"))
    if (!conversation) throw no("channel_not_found")
    if (conversation.channel.is_member === false) throw no("not_in_channel")
    return method === "conversations.history" ? history(conversation, given) : replies(conversation, given)
  }

  const server = await startStrictServer(handle, (_, message) => ({ ok: false, error: message }))
  return {
    ...server,
    ...{ token, team, users, conversations },
    forbid: (method, scope) => (scope === undefined ? void needed.delete(method) : void needed.set(method, scope)),
    refusedForPace: () => refused,
  }
}

const no = (error: string, more: object = {}): Refused => new Refused(200, { ok: false, error, ...more })

function argumentsOf({ method: verb, headers, body }: Request, method: string, token: string): URLSearchParams {
  if (verb !== "POST" || !headers["content-type"]?.startsWith("application/x-www-form-urlencoded"))
    throw no("invalid_post_type")
  const given = new URLSearchParams(body)
  if (headers.authorization !== `Bearer ${token}`) throw no(headers.authorization ? "invalid_auth" : "not_authed")
  for (const name of given.keys())
    if (name !== "token" && !methods[method]!.includes(name)) throw no("invalid_arguments", { argument: name })
  return given
}

const ofTypes =
  (given: URLSearchParams) =>
  ({ channel }: SlackConversation): boolean => {
    const types = (given.get("types") ?? "public_channel").split(",")
    for (const type of types)
      if (!["public_channel", "private_channel", "mpim", "im"].includes(type)) throw no("invalid_types")
    if (channel.is_archived && given.get("exclude_archived") === "true") return false
    if (channel.is_im) return types.includes("im")
    if (channel.is_mpim) return types.includes("mpim")
    return types.includes(channel.is_private ? "private_channel" : "public_channel")
  }

const shown = ({ channel }: SlackConversation): SlackObject => ({ num_members: 3, is_member: true, ...channel })

function limitIn(given: URLSearchParams): number {
  const limit = Number(given.get("limit") ?? listDefault)
  if (Number.isInteger(limit) && limit >= 1 && limit <= limitMax) return limit
  throw no("invalid_limit")
}

/** Cursors are opaque: only one that was handed out for this list is taken. */
function startIn(given: URLSearchParams, name: string): number {
  const cursor = given.get("cursor")
  if (!cursor) return 0
  const start = Number(new RegExp(`^${name}:(\\d+)$`).exec(Buffer.from(cursor, "base64").toString())?.[1])
  if (Number.isInteger(start)) return start
  throw no("invalid_cursor")
}

function listed(name: string, items: readonly SlackObject[], given: URLSearchParams): object {
  const start = startIn(given, name)
  const end = start + limitIn(given)
  const next = end < items.length ? Buffer.from(`${name}:${end}`).toString("base64") : ""
  return { [name]: items.slice(start, end), has_more: next !== "", response_metadata: { next_cursor: next } }
}

/** What stands in the channel itself, the newest first. */
function history({ messages }: SlackConversation, given: URLSearchParams): object {
  const inChannel = messages.filter(
    ({ ts, thread_ts: thread, subtype }) => !thread || thread === ts || subtype === "thread_broadcast",
  )
  const whole = inChannel.map((message) => withReplies(message, messages))
  const sorted = whole.filter(within(given)).toSorted((a, b) => (a.ts < b.ts ? 1 : -1))
  return listed("messages", sorted, given)
}

/** The thread, the oldest first, with the message that began it at its head. */
function replies({ messages }: SlackConversation, given: URLSearchParams): object {
  const thread = given.get("ts")
  const root = messages.find(({ ts }) => ts === thread)
  if (!root) throw no("thread_not_found")
  const replied = messages.filter(({ ts, thread_ts: of }) => of === thread && ts !== thread)
  const sorted = replied.filter(within(given)).toSorted((a, b) => (a.ts < b.ts ? -1 : 1))
  return listed("messages", [withReplies(root, messages), ...sorted], given)
}

function within(given: URLSearchParams): (message: SlackObject) => boolean {
  const [latest, oldest] = [given.get("latest"), given.get("oldest")].map((ts) => {
    if (ts !== null && !/^\d{1,11}(\.\d{1,6})?$/.test(ts)) throw no("invalid_ts_latest")
    return ts
  })
  const inclusive = given.get("inclusive") === "true"
  return ({ ts }) => {
    const at = Number(ts)
    if (latest && (inclusive ? at > Number(latest) : at >= Number(latest))) return false
    return !oldest || (inclusive ? at >= Number(oldest) : at > Number(oldest))
  }
}

function withReplies(message: SlackObject, messages: readonly SlackObject[]): SlackObject {
  const replied = messages.filter(({ ts, thread_ts: of }) => of === message.ts && ts !== message.ts)
  if (replied.length === 0) return { type: "message", ...message }
  const latest = replied
    .map(({ ts }) => ts as string)
    .toSorted()
    .at(-1)
  const counted = { thread_ts: message.ts, reply_count: replied.length, latest_reply: latest, subscribed: false }
  return { type: "message", ...message, ...counted }
}
