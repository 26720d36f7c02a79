import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { sources } from "@engram/sources/registry"
import { unpackBody } from "@engram/store/packed-body"
import { emptyRepository, type GithubObject } from "@engram/testkit/github-data"
import { type GithubServer, startGithubServer } from "@engram/testkit/github-server"
import { waitUntil } from "@engram/testkit/wait-until"
import { expect, test } from "vitest"
import { afterwards, type Installation, install, installWith, run, start } from "./cli-fixture.ts"

const manyCommandsMs = 240_000
const main = ["--workspace", "acme", "--store", "main"]
const github = ["import", "github", "--repo", "octo-org/hello", ...main]

const at = (second: number): string => new Date(Date.UTC(2024, 0, 1) + second * 1_000).toISOString().replace(".000", "")
const user = { id: 1, login: "octocat", type: "User", html_url: "https://github.com/octocat" }
const issue = (number: number): GithubObject => ({
  ...{
    id: 100 + number,
    number,
    title: `Issue ${number}`,
    body: "text",
    state: "open",
    user,
    labels: [],
    assignees: [],
  },
  ...{ created_at: at(number), updated_at: at(number), html_url: `https://github.com/octo-org/hello/issues/${number}` },
})

async function serve(issues: number): Promise<GithubServer> {
  const server = await startGithubServer()
  afterwards(() => server.close())
  const named = { id: 7, name: "hello", full_name: "octo-org/hello", owner: user, default_branch: "main" }
  const repo = emptyRepository({ ...named, has_issues: true, has_discussions: false })
  repo.issues = Array.from({ length: issues }, (_, i) => issue(i + 1))
  server.repositories.push(repo)
  return server
}

const installFor = (server: GithubServer, more: Record<string, string> = {}) =>
  installWith({ GITHUB_API_URL: server.url, GITHUB_TOKEN: server.token, ...more })

test(
  "an import is dry, then real, then only what is new; --restart reads all again and adds nothing",
  async () => {
    const server = await serve(230)
    const { counts, json, environment, rows } = await installFor(server)
    const dry = await json(...github, "--dry-run")
    expect(dry.imports).toMatchObject([
      { what: "octo-org/hello", fetched: 230, added: 230, events: { "import.issue": 230 } },
    ])
    expect(await counts()).toEqual({ deliveries: 0, imports: 0, connections: 0 })

    const first = await run(github, environment)
    expect(first).toMatchObject({ code: 0, stderr: "" })
    expect(first.stdout).toMatch(
      /octo-org\/hello: everything was 230 deliveries, 230 of them new\.\n {2}230 import\.issue/,
    )
    expect(await counts()).toEqual({ deliveries: 230, imports: 1, connections: 1 })
    expect(await rows("select distinct source, event, state from ingest_deliveries")).toEqual([
      { source: "github", event: "import.issue", state: "received" },
    ])

    server.repositories[0]!.issues.push({ ...issue(231), updated_at: new Date().toISOString().replace(/\.\d+/, "") })
    const later = await json(...github)
    expect(later.imports).toMatchObject([{ fetched: 1, added: 1, resumed: false, since: expect.any(String) }])
    const again = await json(...github, "--restart")
    expect(again.imports).toMatchObject([{ fetched: 231, added: 0 }])
    expect(again.imports[0]).not.toHaveProperty("since")
    const since = await json(...github, "--since", "2024-01-01T00:03:00Z", "--only", "issues,codeowners")
    expect(since.imports).toMatchObject([{ what: "octo-org/hello codeowners,issues", fetched: 52, added: 0 }])
  },
  manyCommandsMs,
)

test(
  "an import that is killed goes on with the page it was fetching: nothing is lost, nothing doubled, nothing fetched again",
  async () => {
    const server = await serve(700)
    const { counts, json, environment, rows } = await installFor(server)
    // The repository, and then a page every 300 ms.
    server.failNext({ slowMs: 300 }, 100)
    const child = start(github, environment)
    const pages = async () => (await rows<{ pages: number }>("select pages from imports"))[0]?.pages ?? 0
    await waitUntil("three pages", async () => (await pages()) >= 3, 60_000)
    child.process.kill("SIGKILL")
    await child.ended
    const had = await pages()
    const { deliveries } = await counts()
    // Each page asks from a second before the last one's end.
    expect(deliveries).toBe(had * 100 - (had - 1) * 2)
    expect(had).toBeLessThan(7)

    const asked = server.requests.length
    const resumed = await json(...github)
    expect(resumed.imports).toMatchObject([{ fetched: 700, added: 700, resumed: true }])
    expect(
      await rows("select count(*)::int as n, count(distinct delivery_key)::int as keys from ingest_deliveries"),
    ).toEqual([{ n: 700, keys: 700 }])
    const lists = server.requests.slice(asked).filter(({ path }) => path.endsWith("/issues"))
    expect(lists.every(({ query }) => query.has("since"))).toBe(true)
    expect(lists.length).toBe(8 - had)
  },
  manyCommandsMs,
)

test(
  "an import that is interrupted says that the same command goes on, which it does",
  async () => {
    const server = await serve(500)
    const { environment, rows, json } = await installFor(server)
    server.failNext({ slowMs: 300 }, 100)
    const child = start(github, environment)
    await waitUntil("a page", async () => (await rows("select from imports where pages > 0")).length > 0, 60_000)
    child.process.kill("SIGINT")
    expect(await child.ended).toEqual({
      code: 130,
      stdout: "",
      stderr: "engram: interrupted; the same command goes on from here\n",
    })
    expect((await json(...github)).imports).toMatchObject([{ fetched: 500, resumed: true }])
  },
  manyCommandsMs,
)

test(
  "two at once: the later takes over, the earlier says so and ends",
  async () => {
    const server = await serve(500)
    const { environment, rows } = await installFor(server)
    server.failNext({ slowMs: 700 }, 100)
    const earlier = start(github, environment)
    await waitUntil("a page", async () => (await rows("select from imports where pages > 0")).length > 0, 60_000)
    const later = start(github, environment)
    expect(await earlier.ended).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/another process has taken this import up/),
    })
    expect((await later.ended).code).toBe(0)
    expect(await rows("select count(*)::int as n from ingest_deliveries")).toEqual([{ n: 500 }])
  },
  manyCommandsMs,
)

test(
  "an import waits while too much waits to be processed, and for GitHub's limits, and says for what",
  async () => {
    const server = await serve(150)
    const { environment, rows, counts } = await installFor(server, { INGEST_BACKLOG_MAX: "50" })
    server.failNext({ status: 403, retryAfterSeconds: 1, message: "You have exceeded a secondary rate limit." })
    const child = start(github, environment)
    await waitUntil("the first page", async () => (await counts()).deliveries === 100, 60_000)
    // Something else that waits: the second page must not come.
    const asked = server.requests.filter(({ path }) => path.endsWith("/issues")).length
    expect(asked).toBe(1)
    let ended: Awaited<typeof child.ended> | undefined
    void child.ended.then((end) => {
      ended = end
    })
    await waitUntil(
      "the end, while the rest is processed",
      async () => {
        await rows("update ingest_deliveries set state = 'processed' where state = 'received'")
        return ended !== undefined
      },
      60_000,
    )
    if (ended === undefined) throw new Error("it has not ended")
    expect(ended).toMatchObject({ code: 0 })
    expect(ended.stdout).toContain("150 deliveries, 150 of them new")
  },
  manyCommandsMs,
)

test(
  "what is missing or refused is one line that says what to do",
  async () => {
    const server = await serve(1)
    const { environment, json } = await installFor(server)
    const { GITHUB_TOKEN: _, ...tokenless } = environment
    const refused = async (
      args: string[],
      settings: Record<string, string>,
      code: number,
      words: RegExp,
      input?: string,
    ) => {
      const ended = await run(args, settings, input)
      expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code, stdout: "" })
      expect(ended.stderr).toMatch(words)
      expect(ended.stderr).toMatch(/^engram: [^\n]*\n$/)
    }
    await refused(
      github,
      tokenless,
      2,
      /needs a token: give --token, set GITHUB_TOKEN, or keep one with `engram connect/,
    )
    await refused(
      [...github, "--token", "-"],
      tokenless,
      1,
      /GitHub refused the token \(401: Bad credentials\)/,
      "wrong\n",
    )
    await refused(
      ["import", "github", "--repo", "octo-org/gone", ...main],
      environment,
      1,
      /no repository octo-org\/gone/,
    )
    await refused(["import", "github", "--repo", "hello", ...main], environment, 2, /Expected owner\/name/)
    await refused([...github, "--only", "wikis"], environment, 2, /Expected issues or pulls or closings/)
    // The connection's own token is found when no other is given.
    await json("connect", "github", ...main, "--token", server.token)
    expect((await run(github, tokenless)).code).toBe(0)
  },
  manyCommandsMs,
)

const recorded = (n: number, more: object = {}): string =>
  JSON.stringify({
    source: "github",
    headers: { "X-GitHub-Event": "issues", "X-GitHub-Delivery": `guid-${n}`, "X-Hub-Signature-256": "sha256=secret" },
    body: { action: "opened", issue: issue(n) },
    ...more,
  })

async function withFile(text: string): Promise<{ path: string; append(more: string): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), "engram-import-test-"))
  afterwards(() => rm(directory, { recursive: true, force: true }))
  const path = join(directory, "recorded.ndjson")
  await writeFile(path, text)
  return { path, append: (more) => writeFile(path, more, { flag: "a" }) }
}

test(
  "recorded deliveries come in as they were; a bad line is named by its number and stops none; again adds nothing",
  async () => {
    const { rows, environment, json }: Installation = await install()
    const { path, append } = await withFile(
      [
        recorded(1, { receivedAt: "2024-05-01T00:00:00Z" }),
        "{ half a line",
        "",
        recorded(2, { body: undefined, bodyBase64: Buffer.from('{"zen": "\u00fc"}').toString("base64") }),
        recorded(3, { source: "gitlab" }),
        recorded(4, { body: undefined }),
        JSON.stringify({ source: "github", headers: { "x-github-event": "issues" }, body: "{ not JSON, as it came" }),
      ].join("\n"),
    )
    const first = await run(["import", "file", path, ...main, "--json"], environment)
    expect(first).toMatchObject({ code: 1, stderr: "engram: 3 lines could not be read\n" })
    expect(JSON.parse(first.stdout).imports[0]).toMatchObject({
      ...{ fetched: 3, added: 3 },
      leftOut: [
        expect.stringMatching(/^line 2: it is not JSON/),
        `line 5: no source is called "gitlab"; there are ${Object.keys(sources).join(", ")}`,
        "line 6: give one of body and bodyBase64",
      ],
    })
    const stored = await rows<{ delivery_key: string; body: Buffer; body_bytes: number }>(
      `select delivery_key, event, headers, body, body_bytes, received_at < '2025-01-01' as old
         from ingest_deliveries order by delivery_key`,
    )
    const kept = stored.map((row) => ({ ...row, body: unpackBody(row.body, row.body_bytes).toString() }))
    expect(kept).toMatchObject([
      { delivery_key: "guid-1", event: "issues", old: true },
      { delivery_key: "guid-2", body: '{"zen": "\u00fc"}', old: false },
      { delivery_key: expect.stringMatching(/^recorded:[0-9a-f]{64}$/), body: "{ not JSON, as it came" },
    ])
    expect(JSON.stringify(kept)).not.toMatch(/signature/i)

    const again = await run(["import", "file", path, ...main, "--json", "--restart"], environment)
    expect(JSON.parse(again.stdout).imports[0]).toMatchObject({ fetched: 3, added: 0 })

    await append(`\n${recorded(5)}`)
    const grown = await run(["import", "file", path, ...main, "--json"], environment)
    expect(JSON.parse(grown.stdout).imports[0]).toMatchObject({ fetched: 4, added: 1 })
    expect(await run(["import", "file", `${path}.gone`, ...main], environment)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("cannot be read"),
    })
    expect((await json("status")).stores).toHaveLength(1)
  },
  manyCommandsMs,
)

test("a file is looked for where npm was called", async () => {
  const { environment } = await install()
  const { path } = await withFile(recorded(1))
  const called = { ...environment, INIT_CWD: dirname(path) }
  const { stdout } = await run(["import", "file", basename(path), ...main, "--json"], called)
  expect(JSON.parse(stdout).imports).toMatchObject([{ what: path, added: 1 }])
}, 60_000)

test("a file that is not there leaves no workspace behind", async () => {
  const { environment, json } = await install()
  const { path } = await withFile("")
  for (const wrong of [`${path}.gone`, dirname(path)]) {
    const { code, stderr } = await run(
      ["import", "file", wrong, "--workspace", "ghost", "--store", "main"],
      environment,
    )
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/cannot be read|is no file/) })
  }
  expect(await json("workspace", "list")).toEqual({ workspaces: [] })
}, 60_000)

test(
  "a file of many lines is gone on with after a kill, unless it is another file",
  async () => {
    const { rows, environment } = await install()
    const text = Array.from({ length: 5_000 }, (_, n) => recorded(n + 1, { body: { text: "x".repeat(2_000) } })).join(
      "\n",
    )
    const { path } = await withFile(text)
    const command = ["import", "file", path, ...main, "--json"]
    const child = start(command, environment)
    const pages = async () => (await rows<{ pages: number }>("select pages from imports"))[0]?.pages ?? 0
    await waitUntil("two pages", async () => (await pages()) >= 2, 60_000)
    child.process.kill("SIGKILL")
    await child.ended
    expect(await pages()).toBeLessThan(25)

    const backup = await rows("select cursor from imports")
    expect(backup).toHaveLength(1)
    await writeFile(path, text.replace("opened", "opened!").replace("text", "texts"))
    expect(await run(command, environment)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("--restart begins anew"),
    })
    await writeFile(path, text)
    const resumed = await run(command, environment)
    expect(JSON.parse(resumed.stdout).imports[0]).toMatchObject({ fetched: 5_000, added: 5_000, resumed: true })
    expect(await rows("select count(*)::int as n from ingest_deliveries")).toEqual([{ n: 5_000 }])
  },
  manyCommandsMs,
)
