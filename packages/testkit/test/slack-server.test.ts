import { afterEach, expect, test } from "vitest"
import { type SlackServer, type SlackServerOptions, startSlackServer } from "../src/slack-server.ts"

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function serve(options: SlackServerOptions = {}): Promise<SlackServer> {
  const server = await startSlackServer(options)
  closing.push(server.close)
  const said = (second: number, more: object = {}) => ({
    ts: `170000000${second}.000100`,
    text: `said ${second}`,
    ...more,
  })
  server.conversations.push(
    { channel: { id: "C1", name: "open" }, messages: [said(1), said(2), said(3, { thread_ts: said(1).ts }), said(4)] },
    { channel: { id: "G2", name: "closed", is_private: true, is_member: false }, messages: [] },
  )
  return server
}

async function post(server: SlackServer, method: string, given: object = {}, headers: Record<string, string> = {}) {
  const response = await fetch(`${server.url}/api/${method}`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.token}`, ...headers },
    body: new URLSearchParams(given as Record<string, string>),
  })
  // biome-ignore lint/suspicious/noExplicitAny: the tests say what they expect of it
  return { status: response.status, headers: response.headers, body: (await response.json()) as any }
}
const texts = ({ body }: { body: { messages: { text: string }[] } }) => body.messages.map(({ text }) => text)

test("a channel's messages come newest first, in pages, between times, with how its threads were answered", async () => {
  const server = await serve()
  const first = await post(server, "conversations.history", { channel: "C1", limit: "2" })
  expect(texts(first)).toEqual(["said 4", "said 2"])
  expect(first.body).toMatchObject({ ok: true, has_more: true, response_metadata: { next_cursor: expect.any(String) } })
  const { next_cursor: cursor } = first.body.response_metadata
  const last = await post(server, "conversations.history", { channel: "C1", limit: "2", cursor })
  expect(last.body).toMatchObject({ has_more: false, messages: [{ text: "said 1", reply_count: 1 }] })
  const between = { channel: "C1", latest: "1700000004.000100", oldest: "1700000001.000100" }
  expect(texts(await post(server, "conversations.history", between))).toEqual(["said 2"])
  expect(texts(await post(server, "conversations.history", { ...between, inclusive: "true" }))).toHaveLength(3)
  expect(texts(await post(server, "conversations.replies", { channel: "C1", ts: "1700000001.000100" }))).toEqual([
    "said 1",
    "said 3",
  ])
})

test("channels are listed by their kind", async () => {
  const server = await serve()
  const names = async (types?: string) =>
    (await post(server, "conversations.list", types ? { types } : {})).body.channels.map(
      ({ name }: { name: string }) => name,
    )
  expect(await names()).toEqual(["open"])
  expect(await names("private_channel,im")).toEqual(["closed"])
})

test.each([
  ["no token", "users.list", {}, { authorization: "" }, "not_authed"],
  ["a wrong token", "users.list", {}, { authorization: "Bearer xoxb-guess" }, "invalid_auth"],
  ["a method that is none", "users.guess", {}, {}, "unknown_method"],
  ["an argument that is none", "users.list", { page: "2" }, {}, "invalid_arguments"],
  ["too large a page", "users.list", { limit: "1001" }, {}, "invalid_limit"],
  ["a cursor of another list", "users.list", { cursor: "Y2hhbm5lbHM6MQ==" }, {}, "invalid_cursor"],
  ["a channel that is not there", "conversations.history", { channel: "C9" }, {}, "channel_not_found"],
  ["a channel it is not in", "conversations.history", { channel: "G2" }, {}, "not_in_channel"],
  ["a time that is none", "conversations.history", { channel: "C1", oldest: "yesterday" }, {}, "invalid_ts_latest"],
])("%s is refused as Slack refuses it", async (_, method, given, headers, error) => {
  expect(await post(await serve(), method, given, headers as Record<string, string>)).toMatchObject({
    status: 200,
    body: { ok: false, error },
  })
})

test("more requests of one method than a minute allows get 429 with Retry-After", async () => {
  const server = await serve({ requestsPerMinute: 2 })
  const answers = await Promise.all(Array.from({ length: 4 }, () => post(server, "users.list")))
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 429, 429])
  expect(Number(answers.find(({ status }) => status === 429)!.headers.get("retry-after"))).toBeGreaterThan(0)
  expect((await post(server, "conversations.list")).status).toBe(200)
})
