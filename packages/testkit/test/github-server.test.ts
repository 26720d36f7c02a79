import { afterAll, beforeAll, expect, test } from "vitest"
import { emptyRepository } from "../src/github-data.ts"
import { type GithubServer, startGithubServer } from "../src/github-server.ts"

let server: GithubServer
beforeAll(async () => {
  server = await startGithubServer()
  const repo = emptyRepository({ full_name: "octo-org/hello", has_issues: true })
  const at = (day: number) => `2024-01-${String(day).padStart(2, "0")}T00:00:00Z`
  repo.issues = [1, 2, 3, 4, 5].map((id) => ({
    id,
    number: id,
    state: id === 5 ? "closed" : "open",
    created_at: at(id),
    updated_at: at(6 - id),
  }))
  server.repositories.push(repo)
})
afterAll(() => server.close())

async function get(path: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${server.url}${path}`, {
    headers: { authorization: `token ${server.token}`, ...headers },
  })
  // biome-ignore lint/suspicious/noExplicitAny: the tests say what they expect of it
  return { status: response.status, headers: response.headers, body: (await response.json()) as any }
}
const ids = (answer: { body: { id: number }[] }) => answer.body.map(({ id }) => id)

test("lists are filtered, sorted and paged as documented, with Link headers", async () => {
  expect(ids(await get("/repos/octo-org/hello/issues"))).toHaveLength(4)
  const first = await get("/repos/Octo-Org/Hello/issues?state=all&sort=updated&direction=asc&per_page=2")
  expect(ids(first)).toEqual([5, 4])
  expect(first.headers.get("link")).toMatch(/<[^>]+per_page=2&page=2>; rel="next", <[^>]+page=3>; rel="last"/)
  const last = await get("/repos/octo-org/hello/issues?state=all&sort=updated&direction=asc&per_page=2&page=3")
  expect(ids(last)).toEqual([1])
  expect(last.headers.get("link")).toMatch(/rel="prev".*rel="first"/)
  expect(ids(await get("/repos/octo-org/hello/issues?state=all&since=2024-01-03T00:00:00Z&sort=created"))).toEqual([
    3, 2, 1,
  ])
})

test.each([
  ["no credentials", 401, "/repos/octo-org/hello", { authorization: "" }],
  ["wrong credentials", 401, "/repos/octo-org/hello", { authorization: "token nope" }],
  ["an unknown repository", 404, "/repos/octo-org/other", {}],
  ["an unknown path", 404, "/repos/octo-org/hello/wiki", {}],
  ["too large a page", 422, "/repos/octo-org/hello/issues?per_page=101", {}],
  ["a parameter it does not know", 422, "/repos/octo-org/hello/issues?order=asc", {}],
  ["another list's parameter", 422, "/repos/octo-org/hello/pulls?since=2024-01-01T00:00:00Z", {}],
  ["no time", 422, "/repos/octo-org/hello/issues?since=yesterday", {}],
])("%s is answered %i", async (_, status, path, headers) => {
  expect(await get(path, headers as Record<string, string>)).toMatchObject({
    status,
    body: { message: expect.any(String) },
  })
})

test("requests are counted down in headers, and refused once none is left, until the limit is reset", async () => {
  server.limitTo(1, 60_000)
  expect((await get("/repos/octo-org/hello")).headers.get("x-ratelimit-remaining")).toBe("0")
  const refused = await get("/repos/octo-org/hello")
  expect(refused).toMatchObject({ status: 403, body: { message: expect.stringContaining("API rate limit exceeded") } })
  expect(Number(refused.headers.get("x-ratelimit-reset")) * 1_000).toBeGreaterThan(Date.now())
  server.limitTo(5_000, 60_000)
})

test("GraphQL is held to GitHub's schema, its pages to a first of 1 to 100", async () => {
  const ask = async (query: string) => {
    const response = await fetch(`${server.url}/graphql`, {
      ...{ method: "POST", body: JSON.stringify({ query }) },
      headers: { authorization: `bearer ${server.token}` },
    })
    return (await response.json()) as { data?: unknown; errors?: { type?: string; message: string }[] }
  }
  const discussions = (selection: string) => `{ repository(owner: "octo-org", name: "hello") { ${selection} } }`
  expect(await ask(discussions("discussions(first: 10) { totalCount }"))).toEqual({
    data: { repository: { discussions: { totalCount: 0 } } },
  })
  expect((await ask(discussions("discussions { totalCount }"))).errors?.[0]?.message).toMatch(/provide a `first`/)
  expect((await ask(discussions("discussions(first: 101) { totalCount }"))).errors?.[0]?.message).toMatch(
    /exceeds the limit/,
  )
  expect((await ask(discussions("discussions(first: 1) { nodes { text } }"))).errors?.[0]?.message).toMatch(
    /Cannot query field/,
  )
  const gone = await ask('{ repository(owner: "octo-org", name: "gone") { id: discussions(first: 1) { totalCount } } }')
  expect(gone.errors?.[0]).toMatchObject({ type: "NOT_FOUND" })
})
