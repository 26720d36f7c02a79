import { afterAll, beforeAll, expect, test } from "vitest"
import { type LinearServer, startLinearServer } from "../src/linear-server.ts"

let server: LinearServer
const at = (n: number) => new Date(Date.UTC(2026, 0, n)).toISOString()
beforeAll(async () => {
  server = await startLinearServer()
  const team = (n: number, more: object = {}) => ({
    ...{ id: `t${n}`, key: `T${n}`, name: `Team ${n}`, private: false, visibility: "public" },
    ...{ createdAt: at(n), updatedAt: at(10 - n), archivedAt: null, ...more },
  })
  server.things.set("Team", [team(1), team(2), team(3), team(4, { archivedAt: at(9) })])
})
afterAll(() => server.close())

async function ask(query: string, variables: object = {}, headers: Record<string, string> = {}) {
  const response = await fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { authorization: server.token, "content-type": "application/json", ...headers },
    body: JSON.stringify({ query, variables }),
  })
  // biome-ignore lint/suspicious/noExplicitAny: the tests say what they expect of it
  return { status: response.status, headers: response.headers, body: (await response.json()) as any }
}
const keys = (answer: { body: { data: { teams: { nodes: { key: string }[] } } } }) =>
  answer.body.data.teams.nodes.map(({ key }) => key)

test("lists come newest first, in pages by cursors that were handed out, filtered by time of change", async () => {
  const query = `query ($after: String, $filter: TeamFilter, $archived: Boolean, $by: PaginationOrderBy) {
    teams(first: 2, after: $after, filter: $filter, includeArchived: $archived, orderBy: $by) {
      nodes { key } pageInfo { hasNextPage endCursor } } }`
  const first = await ask(query)
  expect(keys(first)).toEqual(["T3", "T2"])
  expect(first.body.data.teams.pageInfo).toEqual({ hasNextPage: true, endCursor: "t2" })
  expect(keys(await ask(query, { after: "t2" }))).toEqual(["T1"])
  expect(keys(await ask(query, { archived: true }))).toEqual(["T4", "T3"])
  expect(keys(await ask(query, { by: "updatedAt" }))).toEqual(["T1", "T2"])
  expect(keys(await ask(query, { filter: { updatedAt: { gte: at(9) } } }))).toEqual(["T1"])
})

test.each([
  ["no key", "{ organization { id } }", { authorization: "" }, 401, "authentication error"],
  [
    "a key as a bearer",
    "{ organization { id } }",
    { authorization: "Bearer lin_api_test_token" },
    400,
    "authentication error",
  ],
  ["a field that is none", "{ organization { secrets } }", {}, 400, "graphql error"],
  ["a filter where there is none", "{ issueRelations(filter: {}) { nodes { id } } }", {}, 400, "graphql error"],
  ["a page of more than 250", "{ teams(first: 251) { nodes { id } } }", {}, 400, "invalid input"],
  ["a cursor that is none", '{ teams(after: "guess") { nodes { id } } }', {}, 400, "invalid input"],
  ["a thing that is not there", '{ issue(id: "guess") { id } }', {}, 400, "invalid input"],
  [
    "a query of more than 10,000 points",
    "{ projects(first: 250) { nodes { members(first: 250) { nodes { id } } } } }",
    {},
    400,
    "invalid input",
  ],
])("%s is refused as Linear refuses it", async (_, query, headers, status, type) => {
  expect(await ask(query, {}, headers as Record<string, string>)).toMatchObject({
    status,
    body: { errors: [{ extensions: { type } }] },
  })
})

test("requests and their complexity are counted down in headers, and refused once none is left", async () => {
  const query = "{ teams(first: 10) { nodes { id key } } }"
  const before = await ask(query)
  // Ten times two values in an object each.
  expect(before.headers.get("x-complexity")).toBe("12")
  server.limitTo({ requests: 1 }, 60_000)
  expect((await ask(query)).headers.get("x-ratelimit-requests-remaining")).toBe("0")
  const refused = await ask(query)
  expect(refused).toMatchObject({ status: 400, body: { errors: [{ extensions: { code: "RATELIMITED" } }] } })
  expect(Number(refused.headers.get("x-ratelimit-requests-reset"))).toBeGreaterThan(Date.now())
  server.limitTo({ complexity: 11 }, 60_000)
  expect((await ask(query)).headers.get("x-ratelimit-complexity-remaining")).toBe("0")
  server.limitTo({}, 60_000)
  expect((await ask(query)).status).toBe(200)
})
