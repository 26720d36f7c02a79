import type { HistoryDelivery } from "@engram/contracts/history"
import { type SlackServer, startSlackServer } from "@engram/testkit/slack-server"
import { afterEach, expect, test } from "vitest"
import { type SlackKind, slackKinds } from "../src/kinds.ts"
import { createSlackClient } from "../src/slack-client.ts"
import { createSlackHistory } from "../src/slack-history.ts"

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function serve(): Promise<SlackServer> {
  const server = await startSlackServer()
  closing.push(server.close)
  return server
}

const start = 1_700_000_000
const ts = (second: number): string => `${start + second}.000100`
const message = (second: number, more: object = {}) => ({
  type: "message",
  user: "U1",
  text: `said ${second}`,
  ts: ts(second),
  ...more,
})
const channel = (n: number, more: object = {}) => ({
  id: `C${n}`,
  name: `room-${n}`,
  created: start,
  is_private: false,
  ...more,
})

interface Asked {
  readonly kinds?: readonly SlackKind[]
  readonly since?: Date
  readonly token?: string
  readonly timeoutMs?: number
}
const open = (
  server: SlackServer,
  { kinds = slackKinds, since, token = server.token, timeoutMs = 2_000 }: Asked = {},
) =>
  createSlackHistory({
    client: createSlackClient({ token, apiUrl: `${server.url}/api/`, timeoutMs, retryBaseMs: 1 }),
    ...{ kinds, since },
  })

async function readAll(history: ReturnType<typeof open>, onPage = (_pages: number): void => {}) {
  const deliveries: HistoryDelivery[] = []
  const leftOut: string[] = []
  for (let cursor: Parameters<typeof history.page>[0] = undefined, pages = 1; ; pages++) {
    const page = await history.page(cursor)
    deliveries.push(...page.deliveries)
    leftOut.push(...page.leftOut)
    if (page.next === undefined) return { deliveries, leftOut }
    onPage(pages)
    cursor = JSON.parse(JSON.stringify(page.next))
  }
}
// biome-ignore lint/suspicious/noExplicitAny: payloads are compared by their parts
const bodyOf = ({ body }: HistoryDelivery): any => JSON.parse(Buffer.from(body).toString())
const said = (deliveries: readonly HistoryDelivery[]): string[] =>
  deliveries
    .filter(({ event }) => event === "import.message")
    .map((each) => `${bodyOf(each).event.channel} ${bodyOf(each).event.text}`)
const upTo = (length: number) => Array.from({ length }, (_, i) => i)

test("every message of every channel and thread comes once, though more is said meanwhile", async () => {
  const server = await serve()
  for (const n of upTo(230)) server.conversations.push({ channel: channel(n), messages: [] })
  const [first, second] = server.conversations
  // Three pages of messages; threads of every length around a page's.
  first!.messages.push(...upTo(450).map((n) => message(n * 1_000)))
  for (const [at, replies] of [
    [3, 1],
    [250, 199],
    [449, 420],
  ] as const)
    first!.messages.push(...upTo(replies).map((n) => message(at * 1_000 + n + 1, { thread_ts: ts(at * 1_000) })))
  second!.messages.push(message(5), message(6, { subtype: "channel_join" }))
  const expected = first!.messages.map(({ text }) => `C0 ${text}`)

  const { deliveries } = await readAll(open(server, { kinds: ["public"] }), (page) => {
    if (page < 5) first!.messages.push(message(900_000 + page, { text: "meanwhile" }))
  })
  expect(
    said(deliveries)
      .filter((each) => !each.includes("meanwhile"))
      .toSorted(),
  ).toEqual([...expected, "C1 said 5"].toSorted())
  expect(deliveries.filter(({ event }) => event === "import.channel")).toHaveLength(230)
})

test("asks for what the kinds name: people, public and private channels, direct messages", async () => {
  const server = await serve()
  server.users.push({
    id: "U1",
    name: "ada",
    updated: start,
    profile: { email: "ada@example.org", image_24: "x", status_text: "out" },
  })
  const rooms = [
    channel(1),
    channel(2, { is_private: true }),
    { id: "D3", is_im: true, user: "U1" },
    { id: "G4", is_mpim: true },
  ]
  for (const room of rooms) server.conversations.push({ channel: room, messages: [message(1)] })
  const read = async (...kinds: SlackKind[]) =>
    (await readAll(open(server, { kinds }))).deliveries.map((each) => bodyOf(each).event)
  expect(await read("users")).toEqual([
    { type: "user_change", user: { id: "U1", name: "ada", updated: start, profile: { email: "ada@example.org" } } },
  ])
  const types = async (...kinds: SlackKind[]) => (await read(...kinds)).flatMap(({ channel_type: type }) => type ?? [])
  expect(await types("public")).toEqual(["channel"])
  expect(await types("private")).toEqual(["group"])
  expect((await types("direct")).toSorted()).toEqual(["im", "mpim"])
})

test("since: what was said, edited or answered then, and nothing else", async () => {
  const server = await serve()
  const edited = { edited: { user: "U1", ts: `${start + 9_000}.000000` } }
  const messages = [
    message(10),
    message(20, edited),
    message(30),
    message(31, { thread_ts: ts(30) }),
    message(9_500, { thread_ts: ts(30) }),
    message(40),
    message(41, { thread_ts: ts(40) }),
    message(9_100),
  ]
  server.conversations.push({ channel: channel(1), messages })
  const since = new Date((start + 9_000) * 1_000)
  const { deliveries } = await readAll(open(server, { since }))
  expect(said(deliveries).toSorted()).toEqual(["C1 said 20", "C1 said 9100", "C1 said 9500"])
  const asked = server.requests.filter(({ path }) => path.endsWith("replies"))
  expect(asked.map(({ body }) => new URLSearchParams(body).get("ts"))).toEqual([ts(30)])
})

test("what was counted, pinned or reacted to since is the same message", async () => {
  const server = await serve()
  const one = message(1)
  server.conversations.push({ channel: channel(1), messages: [one] })
  const keys = async () => (await readAll(open(server))).deliveries.map(({ deliveryKey }) => deliveryKey)
  const before = await keys()
  Object.assign(one, { reactions: [{ name: "tada", count: 2 }], pinned_to: ["C1"] })
  server.conversations[0]!.channel.num_members = 99
  expect(await keys()).toEqual(before)
  Object.assign(one, { text: "said otherwise", edited: { user: "U1", ts: ts(7) } })
  expect(await keys()).not.toEqual(before)
})

test("a channel that the app is not in is named and left out, the others come", async () => {
  const server = await serve()
  server.conversations.push({ channel: channel(1, { is_member: false }), messages: [message(1)] })
  server.conversations.push({ channel: channel(2), messages: [message(2)] })
  const { deliveries, leftOut } = await readAll(open(server))
  expect(leftOut).toEqual(["#room-1: the app is not in it; invite it, and import again"])
  expect(said(deliveries)).toEqual(["C2 said 2"])
})

test("Slack's limit is waited for: a second in place, longer by whoever imports", async () => {
  const server = await serve()
  server.conversations.push({ channel: channel(1), messages: upTo(300).map((n) => message(n)) })
  server.failNext({ status: 429, retryAfterSeconds: 1 })
  expect(said((await readAll(open(server))).deliveries)).toHaveLength(300)
  server.failNext({ status: 429, retryAfterSeconds: 30 })
  await expect(open(server).page(undefined)).rejects.toMatchObject({ name: "RetryLater", afterMs: 30_000 })
})

test.each([
  [{ status: 503 }, /Slack answered 503/],
  [{ tear: true as const }, /could not be reached, or broke off/],
  [{ hang: true as const }, /did not answer within 200 ms/],
])("an outage (%j) is for later, and asked again it goes on", async (failure, words) => {
  const server = await serve()
  server.failNext(failure, 4)
  const history = open(server, { timeoutMs: 200 })
  await expect(history.page(undefined)).rejects.toMatchObject({
    name: "RetryLater",
    message: expect.stringMatching(words),
  })
  await expect(history.page(undefined)).resolves.toMatchObject({ deliveries: [] })
})

test("a wrong token, and a scope that is missing, are said in words", async () => {
  const server = await serve()
  await expect(open(server, { token: "xoxb-wrong" }).page(undefined)).rejects.toMatchObject({
    ...{ name: "Rejected", code: "credentials_refused" },
    message: expect.stringMatching(/Slack refused the token \(invalid_auth\); give one that is valid/),
  })
  server.forbid("conversations.list", "groups:read")
  await expect(open(server, { kinds: ["private"] }).page(undefined)).rejects.toMatchObject({
    ...{ name: "Rejected", code: "permission_missing" },
    message: expect.stringMatching(/channels: add the scope groups:read and install the app again/),
  })
  await expect(open(server).page({ stage: "users", cursor: "stale" })).rejects.toMatchObject({
    ...{ name: "Rejected", code: "cursor_expired", message: expect.stringContaining("--restart") },
  })
})
