import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { freePort } from "@engram/testkit/free-port"
import { waitUntil } from "@engram/testkit/wait-until"
import { expect, test } from "vitest"
import { run, start } from "./cli-fixture.ts"
import { type Door, issue, post, started } from "./door.ts"
import { installEmbedded } from "./embedded-installation.ts"

const main = ["--workspace", "acme", "--store", "main"]

// A data directory is made and its schema migrated, which takes seconds while the machine is busy.
const newDirectoryMs = 120_000

test(
  "`up` starts its killed Postgres again where it was: what was accepted is processed, and nothing is left after SIGTERM",
  async () => {
    const engram = await installEmbedded()
    const [first, second] = [0, 1].map(() => start(["up", "--json"], engram.environment))
    const [urls, others] = await Promise.all([started(first!), started(second!)])
    const connected = await run(["connect", "github", ...main, "--json"], engram.environment)
    const door: Door = JSON.parse(connected.stdout)
    const deliver = ({ ingest }: { ingest: string }) => post(ingest, door, "issues", issue)
    expect(await deliver(urls!)).toBe(202)
    const [killed] = engram.postgres()
    process.kill(killed!, "SIGKILL")

    await waitUntil("a delivery is accepted again", async () => (await deliver(urls!)) === 202, 30_000)
    expect(engram.postgres()).not.toContain(killed)
    const states = () => engram.rows<{ state: string }>("select state from ingest_deliveries")
    const isDone = async () => (await states()).every(({ state }) => state === "processed")
    await waitUntil("both are processed", isDone, 60_000)
    expect(await states()).toHaveLength(2)

    first!.process.kill("SIGTERM")
    expect(await first!.ended).toMatchObject({ code: 0, stderr: expect.stringMatching(/embedded Postgres had gone/) })
    expect(await deliver(others!)).toBe(202)
    second!.process.kill("SIGTERM")
    expect((await second!.ended).code).toBe(0)
    expect(engram.postgres()).toEqual([])
  },
  newDirectoryMs,
)

test.each([
  [
    "its data directory is being made",
    (dataDir: string) => readdirSync(dataDir).some((name) => name.startsWith("pg.")),
  ],
  ["its data directory has been made", (dataDir: string) => existsSync(join(dataDir, "pg"))],
  ["it takes connections", (dataDir: string) => pidFile(dataDir).includes("ready")],
])(
  "a command that is stopped as soon as %s leaves no Postgres",
  async (_when, isSo) => {
    const engram = await installEmbedded()
    const child = start(["migrate"], engram.environment)
    await waitUntil("it is so", () => isSo(engram.dataDir), 60_000)
    child.process.kill("SIGTERM")
    // Where it is quick it is done within the second that it is given.
    expect([0, 130]).toContain((await child.ended).code)
    expect(engram.postgres()).toEqual([])
  },
  newDirectoryMs,
)

const pidFile = (dataDir: string): string => {
  const path = join(dataDir, "pg", "postmaster.pid")
  return existsSync(path) ? readFileSync(path, "utf8") : ""
}

test(
  "a command that is stopped while its Postgres takes long to start leaves none",
  async () => {
    const engram = await installEmbedded()
    const child = start(["migrate"], engram.environment)
    await waitUntil("it is called", () => engram.postgres().length > 0, 60_000)
    const [server] = engram.postgres()
    process.kill(server!, "SIGSTOP")
    const stoppedAt = Date.now()
    child.process.kill("SIGTERM")
    const hasGone = () => child.process.exitCode !== null
    await waitUntil("it does not wait for the work any more", () => hasGone() || Date.now() > stoppedAt + 1_500)
    process.kill(server!, "SIGCONT")
    expect(await child.ended).toMatchObject({ code: 130, stderr: "engram: interrupted\n" })
    expect(engram.postgres()).toEqual([])
  },
  newDirectoryMs,
)

test(
  "a command whose reader has had enough leaves no Postgres, and ends with its own code",
  async () => {
    const engram = await installEmbedded()
    const codeUnread = async (args: readonly string[], settings: Record<string, string> = {}) => {
      const child = start(args, { ...engram.environment, ...settings })
      child.process.stdout!.destroy()
      return (await child.ended).code
    }
    expect(await codeUnread(["deliveries", "list", "--json"])).toBe(0)
    expect(engram.postgres()).toEqual([])
    expect(await codeUnread(["doctor"], { REDIS_URL: `redis://127.0.0.1:${await freePort()}` })).toBe(1)
    expect(engram.postgres()).toEqual([])
  },
  newDirectoryMs,
)

test(
  "`up` whose reader has gone ends as it does when it is told to, and leaves no Postgres",
  async () => {
    const engram = await installEmbedded()
    const up = start(["up"], engram.environment)
    up.process.stdout!.destroy()
    expect(await up.ended).toMatchObject({ code: 0, stderr: expect.stringContaining("stopping") })
    expect(engram.postgres()).toEqual([])
  },
  newDirectoryMs,
)
