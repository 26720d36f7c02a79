import { type GithubServer, startGithubServer } from "@engram/testkit/github-server"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { at, bodyOf, historyOf, issue, pull, readAll, repositoryOf, said } from "./past-fixture.ts"

let server: GithubServer
beforeAll(async () => {
  server = await startGithubServer()
})
afterAll(() => server.close())
afterEach(() => void server.repositories.splice(0))

const numbers = (length: number, from = 1) => Array.from({ length }, (_, i) => i + from)
const told = (deliveries: Awaited<ReturnType<typeof readAll>>, kind: string): number[] =>
  deliveries.flatMap((each) => (each.event === `import.${kind}` ? [bodyOf(each)[kind].number] : []))

describe("a walk through what changed", () => {
  test.each([true, false])(
    "gives each once, whether `since` includes its own second (%s) or not",
    async (sinceIsInclusive) => {
      const strict = await startGithubServer({ sinceIsInclusive })
      try {
        const repo = repositoryOf("walk")
        // Three a second, so that seconds are cut in two by the ends of pages.
        repo.issues = numbers(350).map((number) => issue(number, Math.floor(number / 3)))
        strict.repositories.push(repo)
        const deliveries = await readAll(historyOf(strict, "walk", ["issues"]))
        expect(told(deliveries, "issue").toSorted((a, b) => a - b)).toEqual(numbers(350))
      } finally {
        await strict.close()
      }
    },
  )

  test("gets past a second in which more changed than fits a page", async () => {
    const repo = repositoryOf("bulk")
    repo.issues = [...numbers(250).map((number) => issue(number, 50)), issue(251, 60)]
    server.repositories.push(repo)
    const deliveries = await readAll(historyOf(server, "bulk", ["issues"]))
    expect(told(deliveries, "issue").toSorted((a, b) => a - b)).toEqual(numbers(251))
  })

  test("loses nothing while things change under it, and meets again what did", async () => {
    const repo = repositoryOf("moving")
    repo.issues = numbers(400).map((number) => issue(number, number))
    repo.issueComments = numbers(230).map((id) => ({
      ...issue(id, id),
      html_url: "https://github.com/octo-org/r/issues/1#c",
    }))
    server.repositories.push(repo)
    const touch = (number: number, second: number): void => {
      repo.issues = repo.issues.map((each) => (each.number === number ? issue(number, second) : each))
      repo.issueComments = repo.issueComments.map((each) =>
        each.number === number ? { ...each, updated_at: at(second) } : each,
      )
    }
    const deliveries = await readAll(historyOf(server, "moving", ["issues"]), (page) => {
      // One that was had and one that was not; the second made every page behind it begin one further on.
      touch(page, 1_000 + page)
      touch(150 + page * 50, 1_000 + page)
    })
    expect(new Set(told(deliveries, "issue"))).toEqual(new Set(numbers(400)))
    expect(deliveries.some((each) => bodyOf(each).issue?.updated_at === at(1_001))).toBe(true)
    const comments = deliveries.filter(({ event }) => event === "import.issue_comment")
    expect(new Set(comments.map((each) => bodyOf(each).comment.number)).size).toBe(230)
  })

  test("asks for what changed since a time alone", async () => {
    const repo = repositoryOf("since")
    repo.issues = numbers(20).map((number) => issue(number, number))
    repo.pulls = [pull(21, 3), pull(22, 15)]
    repo.releases = [1, 30].map((second) => ({
      id: second,
      tag_name: "v",
      created_at: at(second),
      published_at: at(second),
    }))
    repo.discussions = [5, 25].map((id) => discussion(id))
    server.repositories.push(repo)
    const since = new Date(at(15))
    const deliveries = await readAll(
      historyOf(server, "since", ["issues", "pulls", "releases", "discussions"], { since }),
    )
    expect(told(deliveries, "issue")).toEqual([15, 16, 17, 18, 19, 20])
    expect(told(deliveries, "pull_request")).toEqual([22])
    expect(deliveries.filter(({ event }) => event === "import.release")).toHaveLength(1)
    expect(told(deliveries, "discussion")).toEqual([25])
  })
})

const discussion = (id: number, comments = [said(id * 1_000)]) => ({
  ...said(id),
  ...{ number: id, title: `Discussion ${id}`, closed: false, closedAt: null, locked: false, labels: [] },
  ...{ category: { name: "Q&A" }, answer: null, answerChosenAt: null, comments },
})

describe("pull requests", () => {
  test("come whole, with all their reviews, few to a page", async () => {
    const repo = repositoryOf("pulls")
    repo.pulls = numbers(60).map((number) => pull(number, number))
    repo.issues = [issue(61, 30)]
    repo.reviews.set(
      7,
      numbers(230).map((id) => ({ id, state: "COMMENTED" })),
    )
    server.repositories.push(repo)
    const history = historyOf(server, "pulls", ["pulls"])
    expect((await history.page(undefined)).deliveries).toHaveLength(25)
    const deliveries = await readAll(history)
    expect(told(deliveries, "pull_request").toSorted((a, b) => a - b)).toEqual(numbers(60))
    expect(deliveries.filter(({ event }) => event === "import.issue")).toEqual([])
    const reviewed = deliveries.find((each) => bodyOf(each).pull_request?.number === 7)!
    expect(bodyOf(reviewed).reviews).toHaveLength(230)
    expect(bodyOf(reviewed).pull_request).toHaveProperty("merged_by")
  })

  test("of a repository without issues are found all the same", async () => {
    const repo = repositoryOf("no-issues", { has_issues: false })
    repo.pulls = numbers(40).map((number) => pull(number, number))
    server.repositories.push(repo)
    const deliveries = await readAll(historyOf(server, "no-issues", ["issues", "pulls"], { since: new Date(at(11)) }))
    expect(told(deliveries, "pull_request")).toEqual(numbers(30, 11))
  })

  test("that went while they were asked for are left out by name", async () => {
    const repo = repositoryOf("went")
    repo.issues = [issue(3, 1, { pull_request: {} }), issue(4, 2)]
    server.repositories.push(repo)
    const page = await historyOf(server, "went", ["issues", "pulls"]).page(undefined)
    expect(page.leftOut).toEqual(["pull request octo-org/went#3 went while it was asked for"])
    expect(page.deliveries).toHaveLength(1)
  })
})

test("discussions come with every comment and every reply", async () => {
  const repo = repositoryOf("talk")
  const long = numbers(120).map((id) => said(5_000 + id, id === 60 ? numbers(130).map((n) => said(9_000 + n)) : []))
  repo.discussions = numbers(45).map((id) => discussion(id, id === 20 ? long : undefined))
  server.repositories.push(repo, repositoryOf("silent", { has_discussions: false }))
  const deliveries = await readAll(historyOf(server, "talk", ["discussions"]))
  expect(told(deliveries, "discussion").toSorted((a, b) => a - b)).toEqual(numbers(45))
  const { comments } = bodyOf(deliveries.find((each) => bodyOf(each).discussion.number === 20)!).discussion
  expect(comments.nodes).toHaveLength(120)
  expect(comments.nodes[59].replies.nodes).toHaveLength(130)
  expect(await readAll(historyOf(server, "silent", ["discussions"]))).toEqual([])
})

test("the CODEOWNERS file that counts comes with its text, its branch and when it was changed", async () => {
  const repo = repositoryOf("owned")
  repo.files.set("docs/CODEOWNERS", { content: "* @nobody", sha: "1", at: at(1) })
  repo.files.set("CODEOWNERS", { content: "* @octo-org/team\n/ü/ @octocat\n", sha: "2", at: at(2) })
  server.repositories.push(repo)
  const [file] = await readAll(historyOf(server, "owned", ["codeowners"]))
  expect(file!.event).toBe("codeowners")
  expect(file!.headers["x-github-event"]).toBe("codeowners")
  const { repository, ...owners } = bodyOf(file!)
  expect(repository.full_name).toBe("octo-org/owned")
  expect(owners).toEqual({
    ref: "main",
    path: "CODEOWNERS",
    content: "* @octo-org/team\n/ü/ @octocat\n",
    sha: "2",
    at: at(2),
  })
})

test("what says nothing about a thing makes no repeat look new, and no token comes along", async () => {
  const repo = repositoryOf("same")
  repo.issues = [issue(1, 1)]
  repo.pulls = [pull(2, 2)]
  server.repositories.push(repo)
  const keys = async () =>
    (await readAll(historyOf(server, "same", ["issues", "pulls"]))).map((each) => each.deliveryKey)
  const before = await keys()
  repo.repository.stargazers_count = 2
  repo.pulls = [{ ...pull(2, 2), mergeable: true, head: { ref: "b", repo: { stargazers_count: 2 } } }]
  repo.issues = [issue(1, 1, { reactions: { "+1": 1 } })]
  expect(await keys()).toEqual(before)
  repo.issues = [issue(1, 1, { title: "Another" })]
  expect(await keys()).not.toEqual(before)
  for (const each of await readAll(historyOf(server, "same", ["issues"]))) {
    expect(Buffer.from(each.body).toString()).not.toContain("cloned")
  }
})

describe("what goes wrong is told in our words", () => {
  const page = (more: Parameters<typeof historyOf>[3] = {}, name = "words") =>
    historyOf(server, name, ["issues"], more).page(undefined)
  const refusal = (code: string, message: RegExp) =>
    expect.objectContaining({ name: "Rejected", code, message: expect.stringMatching(message) })
  const later = (message: RegExp, afterMs: [number, number]) =>
    expect.toSatisfy(
      (error: { name: string; message: string; afterMs: number }) =>
        error.name === "RetryLater" &&
        message.test(error.message) &&
        error.afterMs >= afterMs[0] &&
        error.afterMs <= afterMs[1],
    )
  const caught = async (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => "no error",
      (error) => error,
    )

  test("a token that is wrong, a repository that is not there", async () => {
    server.repositories.push(repositoryOf("words"))
    expect(await caught(page({ token: "wrong" }))).toEqual(
      refusal("credentials_refused", /token \(401: Bad credentials\)/),
    )
    expect(await caught(page({}, "missing"))).toEqual(
      refusal("not_found", /no repository octo-org\/missing: .*misspelt/),
    )
  })

  test("a permission that is missing, by its name", async () => {
    server.repositories.push(repositoryOf("words"))
    const strict = await startGithubServer()
    try {
      strict.repositories.push(repositoryOf("words"))
      strict.forbid(/\/issues$/, "issues=read")
      expect(await caught(historyOf(strict, "words", ["issues"]).page(undefined))).toEqual(
        refusal("permission_missing", /issues of octo-org\/words: it needs the permission issues=read/),
      )
    } finally {
      await strict.close()
    }
  })

  test("the hourly limit: until when, and then it goes on", async () => {
    const strict = await startGithubServer()
    try {
      strict.repositories.push(repositoryOf("words"))
      strict.limitTo(1, 2_000)
      const history = historyOf(strict, "words", ["issues"])
      const error = await caught(history.page(undefined))
      expect(error).toEqual(later(/limit of 5000 requests an hour is used up until \d\d:\d\d:\d\d UTC/, [500, 4_000]))
      strict.limitTo(100, 60_000)
      expect((await history.page(undefined)).deliveries).toEqual([])
    } finally {
      await strict.close()
    }
  })

  test("limits that name a time, and limits that name none, asked once and not again", async () => {
    server.repositories.push(repositoryOf("words"))
    const secondary = { message: "You have exceeded a secondary rate limit." }
    const before = server.requests.length
    server.failNext({ status: 403, retryAfterSeconds: 42, ...secondary })
    expect(await caught(page())).toEqual(later(/left alone for 42 s/, [42_000, 42_000]))
    server.failNext({ status: 429, retryAfterSeconds: 7 })
    expect(await caught(page())).toEqual(later(/left alone for 7 s/, [7_000, 7_000]))
    server.failNext({ status: 403, ...secondary })
    expect(await caught(page())).toEqual(later(/fewer requests/, [60_000, 60_000]))
    expect(server.requests.length - before).toBe(3)
  })

  test("failures that pass are got over; those that do not are for later", async () => {
    const repo = repositoryOf("words")
    repo.issues = [issue(1, 1)]
    server.repositories.push(repo)
    server.failNext({ status: 502 }, 2)
    server.failNext({ tear: true })
    expect((await page()).deliveries).toHaveLength(1)
    server.failNext({ hang: true }, 4)
    expect(await caught(page({ timeoutMs: 50 }))).toEqual(later(/did not answer within 50 ms/, [0, 60_000]))
  })

  test("what GraphQL refuses in an answer of 200", async () => {
    const repo = repositoryOf("words")
    server.repositories.push(repo)
    const history = historyOf(server, "words", ["discussions"])
    const cursor = { stage: "discussions" }
    await history.page(cursor)
    server.repositories.splice(0)
    expect(await caught(history.page(cursor))).toEqual(
      refusal("not_found", /discussions of octo-org\/words: Could not resolve/),
    )
  })
})
