import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { GithubHookDelivery } from "@engram/testkit/github-data"
import { startGithubServer } from "@engram/testkit/github-server"
import { expect, test } from "vitest"
import { afterwards, install, run } from "./cli-fixture.ts"

const manyCommandsMs = 240_000
const main = ["--workspace", "acme", "--store", "main"]
const path = "repos/octo-org/hello/hooks/7"

const attempt = (id: number, guid: string, status_code: number): GithubHookDelivery => ({
  ...{
    id,
    guid,
    status_code,
    status: status_code < 300 ? "OK" : "failed",
    delivered_at: new Date(Date.now() - id * 60_000).toISOString(),
  },
  ...{ redelivery: false, duration: 1, event: "issues", action: "opened" },
  ...{ installation_id: null, repository_id: null, throttled_at: null },
})

test(
  "a connection keeps its webhook, and what failed there is counted, then asked for again, then no more",
  async () => {
    const server = await startGithubServer()
    afterwards(() => server.close())
    const sent: string[] = []
    const deliver = async (guid: string): Promise<number> => {
      sent.push(guid)
      return 202
    }
    server.hooks.push({
      path,
      deliveries: [attempt(3, "lost-1", 503), attempt(4, "fine", 202), attempt(5, "lost-2", 0)],
      deliver,
    })
    const { environment: settings, json: inPlace } = await install()
    const environment = { ...settings, GITHUB_API_URL: server.url }
    const json = async (...args: string[]) => {
      const { code, stdout, stderr } = await run([...args, "--json"], environment)
      if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${stderr}`)
      return JSON.parse(stdout)
    }
    const page = "https://github.com/octo-org/hello/settings/hooks/7"
    const connected = await inPlace("connect", "github", ...main, "--token", server.token, "--hook", page)
    expect(connected.credentials).toEqual(["hook", "token"])

    const dry = await json("redeliver", "github", ...main, "--dry-run")
    expect(dry).toEqual({
      dryRun: true,
      hooks: [{ hook: path, deliveries: 3, failed: 2, present: 0, tooSoon: 0, gaveUp: [], asked: 2, left: 0 }],
    })
    expect(sent).toEqual([])
    const done = await run(["redeliver", "github", ...main], environment)
    expect(done).toMatchObject({ code: 0, stderr: "" })
    expect(done.stdout).toBe(`${path}: 2 deliveries of 3 failed; 2 were asked for again.\n`)
    expect(sent).toEqual(["lost-2", "lost-1"])
    expect((await json("redeliver", "github", ...main)).hooks[0]).toMatchObject({ failed: 0, asked: 0 })
  },
  manyCommandsMs,
)

test(
  "what cannot be asked is one line that says why",
  async () => {
    const server = await startGithubServer()
    afterwards(() => server.close())
    const { environment: settings, json } = await install()
    const environment = { ...settings, GITHUB_API_URL: server.url, GITHUB_TOKEN: server.token }
    const refused = async (args: string[], code: number, words: RegExp) => {
      const ended = await run(args, environment)
      expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code, stdout: "" })
      expect(ended.stderr).toMatch(words)
      expect(ended.stderr).toMatch(/^engram: [^\n]*\n$/)
    }
    await refused(["redeliver", "github", ...main], 1, /github is not connected to acme\/main/)
    await refused(["redeliver", "events", ...main], 2, /no source called "events" sends again; there is github/)
    await json("connect", "github", ...main)
    await refused(["redeliver", "github", ...main], 2, /say which webhook with --hook/)
    await refused(["redeliver", "github", ...main, "--hook", "seven"], 2, /"seven" names no webhook/)
    await refused(
      ["redeliver", "github", ...main, "--hook", "octo-org/hello/7"],
      1,
      /no deliveries of the webhook repos\/octo-org\/hello\/hooks\/7/,
    )
    const key = join(settings.ENGRAM_DATA_DIR!, "key.pem")
    await writeFile(key, "no key")
    const asApp = ["connect", "github", ...main, "--app-id", "42"]
    await refused(asApp, 2, /--app-id and --private-key go together/)
    await refused([...asApp, "--private-key", key], 2, /key\.pem holds no private key: give the \.pem file/)
    await refused(
      [...asApp, "--private-key", settings.ENGRAM_DATA_DIR!],
      2,
      /--private-key: .* cannot be read \(EISDIR/,
    )
  },
  manyCommandsMs,
)
