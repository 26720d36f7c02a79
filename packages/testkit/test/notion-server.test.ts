import { afterAll, beforeAll, expect, test } from "vitest"
import { type NotionServer, startNotionServer } from "../src/notion-server.ts"
import { notionId } from "../src/notion-workspace.ts"

let server: NotionServer
const page = notionId(0x100)
beforeAll(async () => {
  server = await startNotionServer({ requestsPerSecond: 1_000 })
  server.workspace.write({ id: page, title: "Long", paragraphs: 250, editedAt: "2026-01-05T10:00:59.999Z" })
})
afterAll(() => server.close())

// biome-ignore lint/suspicious/noExplicitAny: the tests say what they expect of it
async function get(path: string, headers: Record<string, string> = {}): Promise<{ status: number; body: any }> {
  const given = { authorization: `Bearer ${server.token}`, "notion-version": "2025-09-03", ...headers }
  const response = await fetch(`${server.url}/v1/${path}`, { headers: given })
  return { status: response.status, body: await response.json() }
}

test("lists come in pages of at most a hundred, by cursors that were handed out", async () => {
  const first = await get(`blocks/${page}/children`)
  expect(first.body).toMatchObject({
    object: "list",
    has_more: true,
    results: expect.objectContaining({ length: 100 }),
  })
  const last = await get(`blocks/${page}/children?start_cursor=cur_200&page_size=100`)
  expect(last.body).toMatchObject({
    has_more: false,
    next_cursor: null,
    results: expect.objectContaining({ length: 50 }),
  })
  for (const query of ["page_size=101", "page_size=0", "start_cursor=guessed", "start_cursor=cur_900"])
    expect(await get(`blocks/${page}/children?${query}`), query).toMatchObject({
      status: 400,
      body: { code: "validation_error" },
    })
})

test("a search finds what is shared and not in the trash, by its time of editing, and takes no other parameters", async () => {
  const strict = await startNotionServer({ requestsPerSecond: 1_000 })
  try {
    for (const n of [1, 2, 3, 4]) strict.workspace.write({ id: notionId(n), editedAt: `2026-01-0${n}T10:00:00Z` })
    strict.workspace.trash(notionId(2))
    strict.workspace.unseen.set(notionId(3), 404)
    const search = async (asked: object) => {
      const headers = { authorization: `Bearer ${strict.token}`, "notion-version": "2025-09-03" }
      const response = await fetch(`${strict.url}/v1/search`, { method: "POST", headers, body: JSON.stringify(asked) })
      return (await response.json()) as { results?: { id: string }[]; code?: string }
    }
    const ids = async (direction: string) =>
      (await search({ sort: { timestamp: "last_edited_time", direction } })).results?.map(({ id }) => id)
    expect(await ids("descending")).toEqual([notionId(4), notionId(1)])
    expect(await ids("ascending")).toEqual([notionId(1), notionId(4)])
    for (const asked of [{ sort: { timestamp: "created_time" } }, { page_size: 101 }, { limit: 3 }])
      expect(await search(asked), JSON.stringify(asked)).toMatchObject({ code: "validation_error" })
  } finally {
    await strict.close()
  }
})

test("times are told to the minute", async () => {
  expect((await get(`pages/${page}`)).body.last_edited_time).toBe("2026-01-05T10:00:00.000Z")
})

test.each([
  ["no token", `pages/${page}`, { authorization: "Bearer ntn_guess" }, 401, "unauthorized"],
  ["no version", `pages/${page}`, { "notion-version": "" }, 400, "missing_version"],
  ["a version that is none", `pages/${page}`, { "notion-version": "2020-01-01" }, 400, "missing_version"],
  ["an id that is none", "pages/plans", {}, 400, "validation_error"],
  ["a page that is not there", `pages/${notionId(9)}`, {}, 404, "object_not_found"],
  ["an address that is none", `paper/${page}`, {}, 404, "object_not_found"],
  ["comments of nothing", "comments", {}, 400, "validation_error"],
])("%s is refused as Notion refuses it", async (_, path, headers, status, code) => {
  expect(await get(path, headers)).toMatchObject({ status, body: { object: "error", status, code } })
})

test("more than three requests within a second are refused with Retry-After", async () => {
  const strict = await startNotionServer()
  try {
    strict.workspace.write({ id: page })
    const headers = { authorization: `Bearer ${strict.token}`, "notion-version": "2025-09-03" }
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => fetch(`${strict.url}/v1/pages/${page}`, { headers })),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 429, 429])
    expect(answers.find(({ status }) => status === 429)!.headers.get("retry-after")).toBe("1")
    expect(strict.refusedForPace()).toBe(2)
  } finally {
    await strict.close()
  }
})
