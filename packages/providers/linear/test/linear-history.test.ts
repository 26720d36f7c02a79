import type { HistoryDelivery } from "@engram/contracts/history"
import { type LinearObject, type LinearServer, startLinearServer } from "@engram/testkit/linear-server"
import { afterEach, beforeEach, expect, test } from "vitest"
import { type LinearKind, linearKinds } from "../src/kinds.ts"
import { createLinearClient } from "../src/linear-client.ts"
import { createLinearHistory } from "../src/linear-history.ts"

let server: LinearServer
beforeEach(async () => {
  server = await startLinearServer()
})
afterEach(() => server.close())

const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString()
const times = (minute: number) => ({ createdAt: at(minute), updatedAt: at(minute), archivedAt: null })
const team = { id: "t1", ...times(0), key: "ENG", name: "Engineering", private: false, visibility: "public" }
const issue = (number: number, more: object = {}): LinearObject => ({
  ...{
    id: `i${String(number).padStart(4, "0")}`,
    ...times(number),
    number,
    title: `Issue ${number}`,
    identifier: `ENG-${number}`,
  },
  ...{
    previousIdentifiers: [],
    url: `https://linear.app/acme/issue/ENG-${number}`,
    priority: 0,
    priorityLabel: "None",
  },
  ...{ team, state: { id: "s1", name: "Todo", type: "unstarted" }, labels: [], reactionData: [], reactions: [] },
  ...more,
})

const open = (kinds: readonly LinearKind[] = linearKinds, since?: Date, token = server.token, timeoutMs = 5_000) =>
  createLinearHistory({
    client: createLinearClient({ token, apiUrl: `${server.url}/graphql`, timeoutMs }),
    kinds,
    since,
  })

async function readAll(history = open(), onPage = (_pages: number): void => {}): Promise<HistoryDelivery[]> {
  const found: HistoryDelivery[] = []
  for (let cursor: Parameters<typeof history.page>[0] = undefined, pages = 1; ; pages++) {
    const page = await history.page(cursor)
    found.push(...page.deliveries)
    if (page.next === undefined) return found
    onPage(pages)
    cursor = page.next
  }
}

// biome-ignore lint/suspicious/noExplicitAny: payloads are compared by their parts
const bodyOf = ({ body }: HistoryDelivery): any => JSON.parse(Buffer.from(body).toString())
const numbers = (deliveries: readonly HistoryDelivery[]) =>
  deliveries.filter(({ event }) => event === "import.issue").map((each) => bodyOf(each).data.number as number)
const upTo = (length: number) => Array.from({ length }, (_, i) => i + 1)

test("gives each once, page after page, though things are changed and made meanwhile", async () => {
  const issues = upTo(130).map((number) => issue(number))
  server.things.set("Issue", issues)
  const found = await readAll(open(["issues"]), (page) => {
    Object.assign(issues[page * 10]!, { updatedAt: at(10_000 + page) })
    issues.push(issue(1_000 + page))
  })
  expect(numbers(found).toSorted((a, b) => a - b)).toEqual(upTo(130))
})

test("a list that does not fit its thing is told whole", async () => {
  const labels = upTo(230).map((n) => ({ id: `l${n}`, ...times(n), name: `Label ${n}`, color: "#fff", parent: null }))
  server.things.set("Issue", [issue(1, { labels })])
  const [found] = await readAll(open(["issues"]))
  expect(new Set(bodyOf(found!).data.labels.map(({ name }: LinearObject) => name))).toEqual(
    new Set(upTo(230).map((n) => `Label ${n}`)),
  )
})

test("a thing that says the same is the same delivery, and another one when it has changed", async () => {
  const [one] = [issue(1)]
  server.things.set("Issue", [one])
  const keys = async () => (await readAll(open(["issues"]))).map(({ deliveryKey }) => deliveryKey)
  const before = await keys()
  expect(await keys()).toEqual(before)
  Object.assign(one, { title: "Another title", updatedAt: at(99) })
  expect(await keys()).not.toEqual(before)
})

test("asks for what changed since, also of relations, which Linear cannot filter", async () => {
  const [first, second] = [issue(1), issue(2, { updatedAt: at(500) })]
  server.things.set("Issue", [first, second])
  const relation = (id: string, minute: number) => ({
    id,
    ...times(minute),
    type: "blocks",
    issue: first,
    relatedIssue: second,
  })
  server.things.set("IssueRelation", [relation("r1", 3), relation("r2", 600)])
  const found = await readAll(open(linearKinds, new Date(at(400))))
  expect(found.map((each) => [each.event, bodyOf(each).data.id])).toEqual([
    ["import.issue", second!.id],
    ["import.issue_relation", "r2"],
  ])
})

test("what is in the trash is told without its words, what was deleted not at all", async () => {
  const trashed = { trashed: true, archivedAt: at(700), description: "hunter2" }
  server.things.set("Issue", [issue(1, trashed), issue(2, { archivedAt: at(800), autoArchivedAt: at(800) })])
  const comment = (id: string, on: LinearObject) => ({
    ...{
      id,
      ...times(5),
      archivedAt: at(800),
      body: "words",
      url: "https://linear.app/acme/issue/x#c",
      reactionData: [],
    },
    ...{ issue: on, issueId: on.id },
  })
  const [, kept] = server.things.get("Issue")!
  server.things.set("Comment", [comment("deleted", issue(3)), comment("put-away", kept!)])
  const found = await readAll(open(["issues", "comments"]))
  const [gone] = found.filter((each) => bodyOf(each).data.number === 1)
  expect(bodyOf(gone!)).toMatchObject({ createdAt: at(700), data: { trashed: true } })
  expect(Buffer.from(gone!.body).toString()).not.toContain("hunter2")
  expect(found.filter(({ event }) => event === "import.comment").map((each) => bodyOf(each).data.id)).toEqual([
    "put-away",
  ])
})

test.each([{ requests: 1 }, { complexity: 5 }])(
  "a limit that is used up (%j) is waited for until Linear says",
  async (left) => {
    server.things.set(
      "Issue",
      upTo(30).map((number) => issue(number)),
    )
    server.limitTo(left, 40_000)
    const refused = await readAll(open(["issues"])).catch((error: unknown) => error)
    expect(refused).toMatchObject({ name: "RetryLater", message: expect.stringContaining("used up until") })
    const { afterMs } = refused as { afterMs: number }
    expect(afterMs).toBeGreaterThan(20_000)
    expect(afterMs).toBeLessThanOrEqual(40_000)
  },
)

test.each([
  [{ status: 503 }, /Linear answered 503/],
  [{ tear: true as const }, /Linear at 127\.0\.0\.1:\d+ could not be reached, or broke off/],
  [{ hang: true as const }, /did not answer within 300 ms/],
])("an outage (%j) is for later, and asked again it goes on", async (failure, words) => {
  server.things.set("Issue", [issue(1)])
  server.failNext(failure)
  const history = open(["issues"], undefined, server.token, 300)
  await expect(history.page(undefined)).rejects.toMatchObject({
    name: "RetryLater",
    message: expect.stringMatching(words),
  })
  expect(numbers((await history.page(undefined)).deliveries as HistoryDelivery[])).toEqual([1])
})

test("where nobody listens it says who was asked, and what the system said", async () => {
  const { host } = new URL(server.url)
  await server.close()
  await expect(open(["issues"]).page(undefined)).rejects.toMatchObject({
    name: "RetryLater",
    message: `Linear at ${host} could not be reached, or broke off (ECONNREFUSED)`,
  })
})

test("a wrong token, and what it may not see, is said in words", async () => {
  await expect(open(["issues"], undefined, "lin_api_wrong").page(undefined)).rejects.toMatchObject({
    ...{ name: "Rejected", code: "credentials_refused" },
    message: expect.stringMatching(/Linear refused the token \(Authentication required.*give one that is valid/),
  })
  server.failNext({ status: 403, message: "You do not have access" })
  await expect(open(["issues"]).page(undefined)).rejects.toMatchObject({
    ...{ name: "Rejected", code: "permission_missing" },
  })
})

test("what somebody wrote in a closed project, or on its texts, is told to be there", async () => {
  const closed = { ...team, id: "t2", key: "SEC", name: "Security", visibility: "restricted" }
  const project = {
    id: "p1",
    name: "Audit",
    url: "https://linear.app/acme/project/audit-37f87fe3d558",
    teams: [closed, { ...closed, id: "t3" }],
  }
  const person = {
    id: "u1",
    ...times(0),
    name: "Ada",
    email: "ada@acme.example",
    url: "https://linear.app/acme/profiles/ada",
  }
  server.things.set("ProjectUpdate", [
    {
      id: "pu1",
      ...times(1),
      body: "Late.",
      health: "atRisk",
      url: "https://linear.app/x",
      user: person,
      project,
      reactionData: [],
      reactions: [],
    },
  ])
  server.things.set("Document", [
    { id: "d1", ...times(1), title: "Plan", slugId: "a1b2c3d4", url: "https://linear.app/y", project },
    { id: "d2", ...times(1), title: "Of a team", slugId: "a1b2c3d5", url: "https://linear.app/z", team: closed },
    {
      id: "d3",
      ...times(1),
      title: "Open",
      slugId: "a1b2c3d6",
      url: "https://linear.app/z",
      project: { ...project, teams: [closed, team] },
    },
  ])
  const documentContent = { document: { id: "d1", title: "Plan", project }, project: null }
  server.things.set("Comment", [
    {
      id: "c1",
      ...times(2),
      body: "Why?",
      url: "https://linear.app/y#c",
      reactionData: [],
      documentContentId: "dc1",
      documentContent,
    },
  ])
  const hidden = new Map((await readAll()).map((each) => [bodyOf(each).data.id, bodyOf(each).data.hiddenIn]))
  expect(Object.fromEntries(hidden)).toEqual({
    pu1: { kind: "project", id: "p1", name: "Audit" },
    d1: { kind: "project", id: "p1", name: "Audit" },
    d2: { kind: "team", id: "t2", name: "Security" },
    d3: null,
    c1: { kind: "project", id: "p1", name: "Audit" },
  })
})
