import { type LinearObject, type LinearServer, startLinearServer } from "@engram/testkit/linear-server"
import { startNotionServer } from "@engram/testkit/notion-server"
import { notionId } from "@engram/testkit/notion-workspace"
import { type SlackServer, startSlackServer } from "@engram/testkit/slack-server"
import { waitUntil } from "@engram/testkit/wait-until"
import { expect, test } from "vitest"
import { afterwards, installWith, run, start } from "./cli-fixture.ts"

const manyCommandsMs = 240_000
const main = ["--workspace", "acme", "--store", "main"]

const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString()
const times = (minute: number) => ({ createdAt: at(minute), updatedAt: at(minute), archivedAt: null })
const team = { id: "t1", ...times(0), key: "ENG", name: "Engineering", private: false, visibility: "public" }
const issue = (number: number): LinearObject => ({
  ...{ id: `i${number}`, ...times(number), number, title: `Issue ${number}`, identifier: `ENG-${number}` },
  ...{
    previousIdentifiers: [],
    url: `https://linear.app/acme/issue/ENG-${number}`,
    priority: 0,
    priorityLabel: "None",
  },
  ...{ team, state: { id: "s1", name: "Todo", type: "unstarted" }, labels: [], reactionData: [], reactions: [] },
})

async function serveLinear(issues: number): Promise<LinearServer> {
  const server = await startLinearServer()
  afterwards(() => server.close())
  server.things.set("Team", [team])
  server.things.set(
    "Issue",
    Array.from({ length: issues }, (_, i) => issue(i + 1)),
  )
  return server
}

async function serveSlack(messages: number): Promise<SlackServer> {
  const server = await startSlackServer()
  afterwards(() => server.close())
  const said = (n: number) => ({ type: "message", user: "U1", text: `said ${n}`, ts: `${1_700_000_000 + n}.000100` })
  server.conversations.push(
    { channel: { id: "C1", name: "open" }, messages: Array.from({ length: messages }, (_, n) => said(n)) },
    { channel: { id: "C2", name: "other", is_member: false }, messages: [] },
  )
  return server
}

test(
  "Linear's past is dry, then real, then only what is new; the token may be the connection's",
  async () => {
    const server = await serveLinear(60)
    const { counts, json, environment, rows } = await installWith({ LINEAR_API_URL: `${server.url}/graphql` })
    const given = ["--token", server.token]
    const dry = await json("import", "linear", ...main, ...given, "--dry-run")
    expect(dry.imports).toMatchObject([{ what: "linear", fetched: 61, added: 61, events: { "import.issue": 60 } }])
    expect(await counts()).toEqual({ deliveries: 0, imports: 0, connections: 0 })

    const first = await run(["import", "linear", ...main, ...given], environment)
    expect(first.code).toBe(0)
    expect(first.stdout).toMatch(/linear: everything was 61 deliveries, 61 of them new\.\n {2}60 import\.issue/)
    expect(await counts()).toEqual({ deliveries: 61, imports: 1, connections: 1 })
    // The sender makes the secret: none is made up for a connection that an import opens.
    expect(await rows("select source, secrets from connections")).toEqual([{ source: "linear", secrets: [] }])

    const tokenless = await run(["import", "linear", ...main], environment)
    expect(tokenless).toMatchObject({
      ...{ code: 2, stdout: "" },
      stderr: expect.stringMatching(
        /^engram: Linear's API needs a token: give --token, or keep one with `engram connect linear[^\n]*\n$/,
      ),
    })
    const pasted = await run(["import", "linear", ...main, "--token", "lin_api_…"], environment)
    expect(pasted).toMatchObject({ code: 2, stderr: expect.stringContaining("--token holds what no token has") })
    await json("connect", "linear", ...main, "--token", server.token)
    server.things.get("Issue")!.push({ ...issue(61), updatedAt: new Date().toISOString() })
    expect((await json("import", "linear", ...main)).imports).toMatchObject([{ fetched: 1, added: 1, resumed: false }])
    const only = await json("import", "linear", ...main, "--only", "teams,issues", "--since", at(50))
    expect(only.imports).toMatchObject([{ what: "linear issues,teams", fetched: 12, added: 0 }])
  },
  manyCommandsMs,
)

test(
  "a killed import of Linear goes on with the page it was fetching: nothing is lost, nothing doubled, nothing asked for again",
  async () => {
    const server = await serveLinear(300)
    const { json, environment, rows } = await installWith({ LINEAR_API_URL: `${server.url}/graphql` })
    const command = ["import", "linear", ...main, "--token", server.token]
    server.failNext({ slowMs: 300 }, 100)
    const child = start(command, environment)
    const pages = async () => (await rows<{ pages: number }>("select pages from imports"))[0]?.pages ?? 0
    // Nine pages of other kinds come first, most of them empty.
    await waitUntil("some pages of issues", async () => (await pages()) >= 13, 60_000)
    child.process.kill("SIGKILL")
    await child.ended
    const [had] = await rows<{ n: number }>("select count(*)::int as n from ingest_deliveries")
    expect(had!.n).toBeLessThan(301)

    const asked = server.requests.length
    expect((await json(...command)).imports).toMatchObject([{ fetched: 301, added: 301, resumed: true }])
    expect(
      await rows("select count(*)::int as n, count(distinct delivery_key)::int as keys from ingest_deliveries"),
    ).toEqual([{ n: 301, keys: 301 }])
    const lists = server.requests.slice(asked).filter(({ body }) => body.includes("issues("))
    // One less, if the last page was committed while its process died.
    expect(lists.length).toBeLessThanOrEqual((301 - had!.n) / 25)
  },
  manyCommandsMs,
)

test(
  "a killed import of Slack goes on in the channel it was in; what it may not read is named",
  async () => {
    const server = await serveSlack(1_000)
    const { json, environment, rows, counts } = await installWith({ SLACK_API_URL: `${server.url}/api` })
    const command = ["import", "slack", ...main, "--token", server.token]
    expect((await json(...command, "--dry-run")).imports).toMatchObject([
      { fetched: 1_002, leftOut: ["#other: the app is not in it; invite it, and import again"] },
    ])
    expect(await counts()).toEqual({ deliveries: 0, imports: 0, connections: 0 })
    server.failNext({ slowMs: 300 }, 100)
    const child = start(command, environment)
    const pages = async () => (await rows<{ pages: number }>("select pages from imports"))[0]?.pages ?? 0
    await waitUntil("two pages of messages", async () => (await pages()) >= 4, 60_000)
    child.process.kill("SIGKILL")
    await child.ended
    const had = await pages()
    expect(had).toBeLessThan(8)

    const asked = server.requests.length
    expect((await json(...command)).imports).toMatchObject([{ fetched: 1_002, added: 1_002, resumed: true }])
    expect(
      await rows("select count(*)::int as n, count(distinct delivery_key)::int as keys from ingest_deliveries"),
    ).toEqual([{ n: 1_002, keys: 1_002 }])
    const methods = server.requests.slice(asked).map(({ path }) => path)
    expect(methods.filter((path) => path.endsWith("users.list") || path.endsWith("conversations.list"))).toEqual([])
    // Five pages of one channel and the refusal of the other are eight with people and channels.
    expect(methods.filter((path) => path.endsWith("history")).length).toBeLessThanOrEqual(8 - had)
  },
  manyCommandsMs,
)

test(
  "Notion's things are named, and the token is kept for the worker that reads them",
  async () => {
    const server = await startNotionServer({ requestsPerSecond: 10_000 })
    afterwards(() => server.close())
    for (let n = 0; n < 130; n++) server.workspace.write({ id: notionId(0x1000 + n), title: `Page ${n}` })
    const { json, counts, environment } = await installWith({ NOTION_BASE_URL: server.url })
    const dry = await json("import", "notion", ...main, "--token", server.token, "--dry-run")
    expect(dry.imports).toMatchObject([{ what: "notion", fetched: 130, added: 130 }])
    expect(await counts()).toEqual({ deliveries: 0, imports: 0, connections: 0 })
    expect((await run(["import", "notion", ...main], environment)).stderr).toMatch(/Notion's API needs a token/)
    const first = await json("import", "notion", ...main, "--token", server.token)
    expect(first.imports).toMatchObject([{ fetched: 130, added: 130, events: { "import.page": 130 } }])
    expect((await json("import", "notion", ...main, "--restart")).imports).toMatchObject([{ fetched: 130, added: 0 }])
    expect((await json("connect", "notion", ...main)).credentials).toEqual(["token"])
  },
  manyCommandsMs,
)

test(
  "limits are waited for and said; what is refused is one line that says what to do",
  async () => {
    const [linear, slack] = [await serveLinear(3), await serveSlack(3)]
    const { environment, counts } = await installWith({
      LINEAR_API_URL: `${linear.url}/graphql`,
      SLACK_API_URL: `${slack.url}/api`,
    })
    linear.limitTo({ requests: 3 }, 3_000)
    const waited = await run(["import", "linear", ...main, "--token", linear.token], environment)
    expect(waited).toMatchObject({ code: 0, stdout: expect.stringContaining("everything was 4 deliveries") })
    const refused = async (source: string, words: RegExp) => {
      const ended = await run(["import", source, ...main, "--token", "-"], environment, "wrong\n")
      expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code: 1, stdout: "" })
      expect(ended.stderr).toMatch(words)
      expect(ended.stderr).toMatch(/^engram: [^\n]*\n$/)
    }
    await refused("linear", /Linear refused the token \(Authentication required/)
    await refused("slack", /Slack refused the token \(invalid_auth\)/)
    const unknown = await run(["import", "slack", ...main, "--only", "emoji"], environment)
    expect(unknown).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/Expected users or public or private or direct/),
    })
    expect((await counts()).deliveries).toBe(4)
  },
  manyCommandsMs,
)
