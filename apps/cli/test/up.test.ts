import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"
import { waitUntil } from "@engram/testkit/wait-until"
import { expect, test } from "vitest"
import { type Installation, install, run, start } from "./cli-fixture.ts"
import { type Door, issue, post, started } from "./door.ts"

const main = ["--workspace", "acme", "--store", "main"]

const owed = `select 1 from ingest_deliveries where state = 'received'
  union all select 1 from vector_entries where wanted_hash is distinct from written_hash`

const settled = (engram: Installation) =>
  waitUntil("nothing is owed", async () => (await engram.rows(owed)).length === 0, 60_000)

// Each command is a process of its own, which takes seconds while the machine is busy.
const manyCommandsMs = 240_000

test(
  "a webhook posted to `up` is found by `search`; what is parked is listed, shown and replayed; SIGTERM ends it well",
  async () => {
    const engram = await install()
    const up = start(["up", "--json"], engram.environment)
    const urls = await started(up)
    const door: Door = await engram.json("connect", "github", ...main)
    expect(await post(urls.ingest, door, "issues", issue)).toBe(202)
    expect(
      await post(urls.ingest, door, "issues", { ...issue, issue: { ...issue.issue, id: "seven", number: "x" } }),
    ).toBe(202)
    expect(await post(urls.ingest, door, "star", { action: "created" })).toBe(202)
    await settled(engram)
    expect(await engram.json("status")).toMatchObject({ deliveries: { processed: 1, skipped: 1, parked: 1 }, owed: {} })

    const { hits } = await engram.json("search", "lighthouse", "parser", ...main)
    expect(hits[0]).toMatchObject({ title: issue.issue.title, url: issue.issue.html_url, kind: "issue" })
    const words = await engram.ok("search", "where does the parser stop")
    expect(words).toContain(issue.issue.title)
    expect(words).toContain(issue.issue.html_url)
    expect((await engram.json("search", "parser", "--kind", "pull_request")).hits).toEqual([])
    expect(await engram.ok("search", "parser", "--until", "2020-01-01")).toContain("Nothing found.")
    const nowhere = await run(["search", "parser", "--workspace", "acme", "--store", "other"], engram.environment)
    expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringMatching("there are acme/main, default/memories") })

    const listed = await engram.json("deliveries", "list", "--parked")
    expect(listed.counts).toEqual({ received: 0, processed: 0, skipped: 0, parked: 1 })
    const [parked] = listed.deliveries
    expect(parked).toMatchObject({
      event: "issues",
      state: "parked",
      reason: expect.stringContaining("payload_unreadable"),
    })
    expect(await engram.ok("deliveries", "list", "--event", "star")).toMatch(/github star +skipped .*passed by/)
    expect(await engram.ok("deliveries", "list", "--event", "none")).toContain("No delivery matches.")

    const archived = "select 1 from ingest_deliveries where body is not null"
    await waitUntil("bodies are archived", async () => (await engram.rows(archived)).length === 0)
    const shown = await engram.ok("deliveries", "show", parked.id)
    expect(shown).toContain("x-github-event: issues")
    expect(shown).toContain("payload_unreadable")
    expect(shown).toContain('"number":"x"')
    expect(JSON.parse(await engram.ok("deliveries", "show", parked.id, "--body")).issue.id).toBe("seven")

    const state = "select id, state, reason, attempts, finished_at, due_at from ingest_deliveries order by id"
    const before = await engram.rows(state)
    expect(await engram.json("replay", "--parked", "--dry-run")).toEqual({ deliveries: 1, gone: 0, dryRun: true })
    expect(await engram.ok("replay", "--source", "github", "--dry-run")).toContain("Would replay 3 deliveries")
    expect(await engram.rows(state)).toEqual(before)
    const aimless = await run(["replay"], engram.environment)
    expect(aimless).toMatchObject({ code: 2, stderr: expect.stringContaining("say which") })
    expect(await engram.rows(state)).toEqual(before)

    expect(await engram.json("replay", "--id", parked.id)).toEqual({ deliveries: 1, gone: 0, dryRun: false })
    await settled(engram)
    const after = await engram.rows<{ id: string; finished_at: Date }>(state)
    const ended = (rows: readonly object[]) =>
      (rows as { id: string; finished_at: Date }[]).find(({ id }) => id === parked.id)
    expect(ended(after)).toMatchObject({ state: "parked" })
    expect(ended(after)!.finished_at.getTime()).toBeGreaterThan(ended(before)!.finished_at.getTime())
    expect(await engram.json("replay", "--workspace", "acme", "--since", "1h")).toEqual({
      deliveries: 3,
      gone: 0,
      dryRun: false,
    })
    await settled(engram)
    expect((await engram.json("status")).stores).toMatchObject([
      { workspaceId: "acme", name: "main", documents: { issue: 1 } },
      { workspaceId: "default", name: "memories" },
    ])

    expect((await fetch(`${urls.status}/health/ready`)).status).toBe(200)
    up.process.kill("SIGTERM")
    const { code, stderr } = await up.ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining("stopping") })
    await expect(fetch(urls.ingest)).rejects.toThrow()
  },
  manyCommandsMs,
)

test(
  "two `up` on one installation share the work, and a taken port is said in words",
  async () => {
    const engram = await install()
    const first = start(["up", "--json"], engram.environment)
    const urls = await started(first)
    const taken = { ...engram.environment, INGEST_PORT: new URL(urls.ingest).port }
    const { code, stderr } = await run(["up"], taken)
    expect(code).toBe(1)
    expect(stderr).toMatch(/engram: .*port \d+ is taken, perhaps by another `engram up`/)

    const second = start(["up", "--json"], engram.environment)
    const others = await started(second)
    const door: Door = await engram.json("connect", "github", ...main)
    expect(await post(others.ingest, door, "issues", issue)).toBe(202)
    await settled(engram)
    first.process.kill("SIGINT")
    second.process.kill("SIGTERM")
    expect((await first.ended).code).toBe(0)
    expect((await second.ended).code).toBe(0)
    expect((await engram.json("search", "lighthouse")).hits).toHaveLength(1)
  },
  manyCommandsMs,
)

test("SIGTERM to npm alone ends everything that npm run engram started", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "engram-npm-"))
  // As in a shell of the operator's: without the workspace's own node before npm's.
  const path = process.env.PATH!.split(delimiter).filter((directory) => !directory.includes("node_modules"))
  const ports = { INGEST_PORT: "0", WORKER_PORT: "0", MEMORY_PORT: "0", SEARCH_PORT: "0" }
  const npm = spawn("npm", ["run", "--silent", "engram", "--", "up", "--json"], {
    cwd: fileURLToPath(new URL("../../..", import.meta.url)),
    env: { PATH: path.join(delimiter), HOME: process.env.HOME, ENGRAM_DATA_DIR: dataDir, ...ports },
    stdio: ["ignore", "pipe", "ignore"],
  })
  let said = ""
  npm.stdout.on("data", (chunk) => {
    said += chunk
  })
  // The pipe closes when the last of them has ended.
  const closed = once(npm, "close")
  await waitUntil("engram is up", () => said.includes('"urls"'), 90_000)
  npm.kill("SIGTERM")
  await closed
  await rm(dataDir, { recursive: true, force: true })
}, 150_000)
