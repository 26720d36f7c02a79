import type { HistoryDelivery } from "@engram/contracts/history"
import { type NotionServer, type NotionServerOptions, startNotionServer } from "@engram/testkit/notion-server"
import { notionId } from "@engram/testkit/notion-workspace"
import { afterEach, expect, test } from "vitest"
import { openNotionHistory } from "../src/notion-history.ts"

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const minute = (n: number): string => new Date(Date.UTC(2026, 0, 1, 0, n)).toISOString()
/** When the search is asked, in tests that do not say: long after everything. */
const later = Date.UTC(2027, 0, 1)

async function serve(pages: number, options: NotionServerOptions = {}): Promise<NotionServer> {
  const server = await startNotionServer({ requestsPerSecond: 10_000, ...options })
  closing.push(server.close)
  for (let n = 0; n < pages; n++)
    server.workspace.write({ id: notionId(0x1000 + n), title: `Page ${n}`, editedAt: minute(n) })
  return server
}

interface Asked {
  readonly since?: Date
  readonly now?: number
  readonly token?: string
  readonly requestsPerSecond?: number
}
const open = (
  server: NotionServer,
  { since, now = later, token = server.token, requestsPerSecond = 10_000 }: Asked = {},
) =>
  openNotionHistory(token, { baseUrl: server.url, timeoutMs: 2_000, requestsPerSecond, retryBaseMs: 1 })({
    ...{ since, now: () => now },
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
    cursor = page.next
  }
}
// biome-ignore lint/suspicious/noExplicitAny: payloads are compared by their parts
const bodyOf = ({ body }: HistoryDelivery): any => JSON.parse(Buffer.from(body).toString())
const pagesIn = (deliveries: readonly HistoryDelivery[]): string[] =>
  deliveries.filter(({ event }) => event === "import.page").map((each) => bodyOf(each).entity.id)

test("names every page but those edited while it looks, which the next import finds", async () => {
  const server = await serve(330)
  const edited = new Set<string>()
  const { deliveries } = await readAll(open(server), (page) => {
    for (const n of [page * 7, page * 80]) {
      edited.add(notionId(0x1000 + n))
      server.workspace.write({ id: notionId(0x1000 + n), editedAt: minute(9_000 + n) })
    }
  })
  const next = await readAll(open(server, { since: new Date(minute(9_000)) }))
  expect(new Set(pagesIn(next.deliveries))).toEqual(edited)
  expect(new Set([...pagesIn(deliveries), ...edited]).size).toBe(330)
})

test("asks no further back than since, counting the whole minute that Notion tells", async () => {
  const server = await serve(250)
  const { deliveries } = await readAll(open(server, { since: new Date(Date.parse(minute(245)) + 30_000) }))
  expect(pagesIn(deliveries)).toHaveLength(5)
  expect(server.requests.filter(({ path }) => path === "/v1/search")).toHaveLength(1)
})

test("a page is wanted as of the end of the minute in which it was edited, unless that is not over", async () => {
  const server = await serve(1)
  const wanted = async (now: number) => bodyOf((await readAll(open(server, { now }))).deliveries[0]!).timestamp
  expect(await wanted(later)).toBe("2026-01-01T00:00:59.999Z")
  // Edited again within that minute, its own event must still want it.
  expect(await wanted(Date.parse(minute(0)) + 20_000)).toBe("2026-01-01T00:00:00.000Z")
})

test("keeps to Notion's pace, and honours its Retry-After", async () => {
  const server = await serve(320, { requestsPerSecond: 3 })
  server.failNext({ status: 429, retryAfterSeconds: 1 })
  const startedAt = performance.now()
  const { deliveries } = await readAll(open(server, { requestsPerSecond: 3 }))
  expect(pagesIn(deliveries)).toHaveLength(320)
  expect(server.refusedForPace()).toBe(0)
  expect(performance.now() - startedAt).toBeGreaterThan(1_900)
})

test("an integration that may not read members says so, and names the pages", async () => {
  const server = await serve(2, { may: { readUsers: false } })
  const { deliveries, leftOut } = await readAll(open(server))
  expect(pagesIn(deliveries)).toHaveLength(2)
  expect(leftOut).toEqual([expect.stringMatching(/^members: not allowed \(403\)/)])
})

test("a wrong token is said in words", async () => {
  const server = await serve(1)
  await expect(open(server, { token: "ntn_wrong" }).page(undefined)).rejects.toMatchObject({
    ...{ name: "Rejected", code: "credentials_refused" },
    message: expect.stringMatching(/Notion refused the token .*engram connect notion/),
  })
})

test("a member asked for again is a repeat, and another delivery when something of theirs has changed", async () => {
  const server = await serve(0)
  server.workspace.user(notionId(1), "Ada", "ada@example.org")
  const keys = async (now: number) =>
    (await readAll(open(server, { now }))).deliveries.map(({ deliveryKey }) => deliveryKey)
  const before = await keys(later)
  expect(await keys(later + 1_000)).toEqual(before)
  server.workspace.user(notionId(1), "Ada Lovelace", "ada@example.org")
  expect(await keys(later)).not.toEqual(before)
})
