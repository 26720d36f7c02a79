import { Rejected, RetryLater } from "@engram/contracts/errors"
import type { FetchAnswer } from "@engram/contracts/fetches"
import { type NotionServer, type NotionServerOptions, startNotionServer } from "@engram/testkit/notion-server"
import { notionId, said } from "@engram/testkit/notion-workspace"
import { afterEach, expect, test } from "vitest"
import { createNotionHydrator } from "../src/notion-hydrator.ts"

const servers: NotionServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function notion(options: NotionServerOptions = { requestsPerSecond: 10_000 }) {
  const server = await startNotionServer(options)
  servers.push(server)
  return server
}

const hydratorOf = (server: NotionServer, more: Partial<Parameters<typeof createNotionHydrator>[0]> = {}) =>
  createNotionHydrator({
    baseUrl: server.url,
    timeoutMs: 1_000,
    requestsPerSecond: 10_000,
    retryBaseMs: 1,
    restMs: 50,
    ...more,
  })

const page = notionId(0x100)
const ada = notionId(1)
const read = (server: NotionServer, hydrator = hydratorOf(server), thing = { kind: "page", id: page }) =>
  hydrator.fetch(thing, { token: server.token })

// biome-ignore lint/suspicious/noExplicitAny: the tests say what they expect of it
function contentOf(answer: FetchAnswer): any {
  if (answer.outcome !== "found") throw new Error(answer.reason)
  return answer.content
}

test("a page is read whole: properties, blocks at every depth and page, comments, people, and the way up", async () => {
  const server = await notion()
  const { workspace } = server
  workspace.user(ada, "Ada", "ada@example.org")
  workspace.database(
    notionId(0x200),
    "Decisions",
    { id: notionId(0x201) },
    { type: "page_id", page_id: notionId(0x202) },
  )
  workspace.write({ id: notionId(0x202), title: "Engineering" })
  workspace.write({
    id: page,
    title: "Plans",
    parent: { type: "data_source_id", data_source_id: notionId(0x201), database_id: notionId(0x200) },
    properties: {
      Rows: { id: "r", type: "relation", relation: Array.from({ length: 260 }, (_, n) => ({ id: notionId(n) })) },
    },
    blocks: [
      ...Array.from({ length: 230 }, (_, n) => said("paragraph", `line ${n}`)),
      said("toggle", "more", {
        children: [said("bulleted_list_item", "a", { children: [said("paragraph", "deep")] })],
      }),
      { type: "child_page", content: { title: "Below" }, children: [said("paragraph", "not ours")] },
      { type: "synced_block", content: { synced_from: { type: "block_id", block_id: ada } }, unshared: true },
    ],
  })
  for (let n = 0; n < 130; n++)
    workspace.comment({ id: notionId(0x3000 + n), on: page, by: ada, text: `comment ${n}`, at: "2026-01-05T10:00:00Z" })
  const content = contentOf(await read(server))
  expect(content.page.properties.Rows).toMatchObject({
    has_more: false,
    relation: expect.objectContaining({ length: 260 }),
  })
  expect(content.blocks).toHaveLength(233)
  expect(content.blocks[230].children[0].children[0].paragraph.rich_text[0].plain_text).toBe("deep")
  expect(content.blocks[231].children).toBeUndefined()
  expect(content.blocks[232].unreadable).toContain("404")
  expect(content.cut).toBeNull()
  expect(content.comments).toHaveLength(130)
  expect(content.users).toMatchObject([{ name: "Ada", person: { email: "ada@example.org" } }])
  expect(content.places.map(({ type, title }: { type: string; title: string }) => [type, title])).toEqual([
    ["data_source", "Decisions"],
    ["database", "Decisions"],
    ["page", "Engineering"],
  ])
  // People and places are remembered.
  const before = server.requests.length
  await read(server, hydratorOf(server))
  const fresh = server.requests.length - before
  const same = hydratorOf(server)
  await read(server, same)
  const start = server.requests.length
  await read(server, same)
  expect(server.requests.length - start).toBe(fresh - 3)
})

test("three requests a second are enough, and never more", async () => {
  const server = await notion({})
  server.workspace.write({ id: page, title: "Long", paragraphs: 700 })
  const startedAt = performance.now()
  const content = contentOf(await read(server, hydratorOf(server, { requestsPerSecond: 3 })))
  expect(content.blocks).toHaveLength(700)
  expect(server.refusedForPace()).toBe(0)
  expect(performance.now() - startedAt).toBeGreaterThan(2_000)
}, 30_000)

test("two processes that share a token are slowed down by Notion, and both read the whole page", async () => {
  const server = await notion({ requestsPerSecond: 5 })
  server.workspace.write({ id: page, title: "Long", paragraphs: 400 })
  const both = [1, 2].map(() => read(server, hydratorOf(server, { requestsPerSecond: 5 })))
  for (const answer of await Promise.all(both)) expect(contentOf(answer).blocks).toHaveLength(400)
  expect(server.refusedForPace()).toBeGreaterThan(0)
}, 60_000)

test("what is in the trash is not read further", async () => {
  const server = await notion()
  server.workspace.write({ id: page, title: "Gone", paragraphs: 500 })
  server.workspace.trash(page)
  expect(contentOf(await read(server))).toMatchObject({ page: { in_trash: true } })
  expect(server.requests).toHaveLength(1)
})

test("an integration that may read neither comments nor people reads the rest, and asks for them once an hour", async () => {
  const server = await notion({ requestsPerSecond: 10_000, may: { readComments: false, readUsers: false } })
  server.workspace.write({ id: page, title: "Plans", blocks: [said("paragraph", "We plan.")] })
  const hydrator = hydratorOf(server)
  for (let n = 0; n < 3; n++)
    expect(contentOf(await read(server, hydrator))).toMatchObject({ comments: null, users: [] })
  const asked = (part: string) => server.requests.filter(({ path }) => path.startsWith(part)).length
  expect([asked("/v1/comments"), asked("/v1/users")]).toEqual([1, 1])
})

test("a page above that is not shared ends the way up", async () => {
  const server = await notion()
  server.workspace.write({ id: page, title: "Plans", parent: { type: "page_id", page_id: notionId(0x999) } })
  expect(contentOf(await read(server)).places).toEqual([{ type: "page", id: notionId(0x999), title: null }])
})

test("databases, data sources and comments are read by their kinds", async () => {
  const server = await notion()
  const { workspace } = server
  workspace.user(ada, "Ada")
  workspace.database(notionId(0x200), "Decisions", { id: notionId(0x201) })
  workspace.comment({ id: notionId(0x300), on: page, by: ada, text: "Yes", at: "2026-01-05T10:00:00Z" })
  const kind = async (kind: string, id: string) => contentOf(await read(server, hydratorOf(server), { kind, id }))
  expect(await kind("database", notionId(0x200))).toMatchObject({ database: { object: "database" }, places: [] })
  expect(await kind("data_source", notionId(0x201))).toMatchObject({
    data_source: { object: "data_source" },
    places: [{ type: "database", title: "Decisions" }],
  })
  expect(await kind("comment", notionId(0x300))).toMatchObject({
    comment: { id: notionId(0x300) },
    users: [{ name: "Ada" }],
  })
  await expect(kind("hologram", page)).rejects.toThrow(Rejected)
})

test.each([
  [404, "not found (404)"],
  [403, "not allowed (403)"],
] as const)("%i is an answer, not a failure", async (status, words) => {
  const server = await notion()
  server.workspace.write({ id: page, title: "Plans" })
  server.workspace.unseen.set(page, status)
  expect(await read(server)).toEqual({ outcome: "missing", reason: expect.stringContaining(words) })
})

test("failures are asked again, and then later", async () => {
  const server = await notion()
  server.workspace.write({ id: page, title: "Plans" })
  server.failNext({ status: 500 }, 2)
  server.failNext({ tear: true })
  expect(contentOf(await read(server)).page.id).toBe(page)
  for (const failure of [{ status: 502 }, { status: 529 }, { hang: true }] as const) {
    server.failNext(failure, 4)
    await expect(read(server, hydratorOf(server, { timeoutMs: 50 }))).rejects.toBeInstanceOf(RetryLater)
  }
  server.failNext({ status: 409 })
  await expect(read(server)).rejects.toBeInstanceOf(RetryLater)
})

test("Retry-After that is too long to wait for is handed on", async () => {
  const server = await notion()
  server.failNext({ status: 429, retryAfterSeconds: 90 })
  const refused = await read(server).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(RetryLater)
  expect((refused as RetryLater).afterMs).toBe(90_000)
  expect(server.requests).toHaveLength(1)
})

test("a wrong token and no token are refused in words that say what to do", async () => {
  const server = await notion()
  const with_ = (token: string) => hydratorOf(server).fetch({ kind: "page", id: page }, token ? { token } : {})
  await expect(with_("ntn_wrong")).rejects.toMatchObject({
    code: "credentials_refused",
    message: expect.stringMatching(/--token/),
  })
  await expect(with_("")).rejects.toMatchObject({
    code: "credentials_missing",
    message: expect.stringMatching(/--token/),
  })
})

test("a page that is wide and deep ends at the limit of requests, its beginning whole", async () => {
  const server = await notion()
  const items = Array.from({ length: 80 }, (_, n) =>
    said("toggle", `item ${n}`, { children: [said("paragraph", `in ${n}`)] }),
  )
  server.workspace.write({ id: page, title: "Wide", blocks: items })
  const limits = { blocksMax: 1_000, charsMax: 1_000_000, requestsMax: 20, depthMax: 4 }
  const content = contentOf(await read(server, hydratorOf(server, { blockLimits: limits })))
  expect(content.cut).toMatchObject({ limit: "requests" })
  expect(server.requests.filter(({ path }) => path.endsWith("/children"))).toHaveLength(20)
  expect(content.blocks.length).toBeLessThan(25)
  expect(content.blocks[5].children).toHaveLength(1)
  const small = { ...limits, charsMax: 5_000 }
  expect(contentOf(await read(server, hydratorOf(server, { blockLimits: small }))).cut).toMatchObject({ limit: "size" })
})
