import { existsSync } from "node:fs"
import { freePort } from "@engram/testkit/free-port"
import { describe, expect, test } from "vitest"
import manifest from "../package.json" with { type: "json" }
import { explain } from "../src/explain-error.ts"
import { install, run } from "./cli-fixture.ts"

const commands = [
  ["up"],
  ["demo"],
  ["migrate"],
  ["connect"],
  ["keys", "create"],
  ["keys", "list"],
  ["keys", "revoke"],
  ...["list", "show", "set"].map((command) => ["workspace", command]),
  ["status"],
  ["deliveries", "list"],
  ["deliveries", "show"],
  ["replay"],
  ["import", "github"],
  ["import", "linear"],
  ["import", "slack"],
  ["import", "notion"],
  ["import", "file"],
  ["redeliver"],
  ["reconcile"],
  ["rebuild"],
  ["reindex"],
  ["forget"],
  ["consolidate"],
  ["runs"],
  ...["list", "show", "suggest", "link", "unlink", "address", "undo"].map((command) => ["people", command]),
  ["search"],
  ["summaries"],
  ...["add", "history", "list", "remove", "run"].map((command) => ["eval", command]),
  ["graph"],
  ["backfill"],
  ["doctor"],
]

describe("every command explains itself, with an example, and has --json", () => {
  test.each(commands)("%s %s", async (...command) => {
    const words = command.filter(Boolean)
    const { code, stdout, stderr } = await run([...words, "--help"])
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    expect(stdout).toContain(`Usage: engram ${words.join(" ")}`)
    expect(stdout).toMatch(/Examples?:\n {2}.*engram/)
    expect(stdout).toContain("--json")
  })
})

test("without a command it lists them", async () => {
  const { code, stdout } = await run([])
  expect(code).toBe(0)
  for (const [command] of commands) expect(stdout).toMatch(new RegExp(`^ {2}${command}\\b`, "m"))
})

test("it says which version it is", async () => {
  expect(await run(["--version"])).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: "" })
})

describe("what is asked wrongly is one line and exit code 2", () => {
  const wrong: [string, RegExp][] = [
    ["serch x", /unknown command 'serch' \(Did you mean search\?\)/],
    ["status --jsn", /unknown option '--jsn' \(Did you mean --json\?\)/],
    ["connect github", /required option '--workspace <name>' not specified/],
    ["connect github --workspace Acme --store main", /must be 1 to 40 lowercase letters, digits or hyphens/],
    [
      "connect gitlab --workspace acme --store main",
      /no source is called "gitlab"; there are github, linear, slack, notion/,
    ],
    ["connect events --workspace acme --store main", /engram keys create/],
    ["connect github --workspace acme --store main --secret short", /at least 8 characters/],
    ["keys create --workspace acme --store main --action read", /Expected write or search/],
    ["deliveries list --limit 0", /Expected a whole number from 1 to 1000/],
    ["deliveries list --since yesterday", /Expected a time like 2026-03-01/],
    ["deliveries list --state lost", /Expected received or processed or skipped or parked/],
    ["people show", /missing required argument 'who'/],
    ["people address team@acme.example", /say --shared or --personal/],
    ["people list --kind robot", /Allowed choices are person, bot, organization/],
    ["deliveries list --since 2026-02-31", /Expected a time like 2026-03-01/],
    ["connect github --workspace acme --store main --hook seven", /"seven" names no webhook/],
    ["help nonsense", /unknown command 'nonsense'/],
    ["search ", /the query has to have 1 to 4000 characters/],
    ["search", /missing required argument 'query'/],
  ]
  test.each(wrong)("engram %s", async (line, words) => {
    const { code, stdout, stderr } = await run(line.split(" "))
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(stderr).toMatch(words)
    expect(stderr).toMatch(/^engram: [^\n]*\n$/)
  })
})

describe("an option with nothing in it is refused by its name, and never means all", () => {
  const empty: [option: string, ...line: string[]][] = [
    ["--source", "replay", "--since", "7d", "--dry-run"],
    ["--event", "replay", "--since", "7d", "--dry-run"],
    ["--id", "replay", "--since", "7d", "--dry-run"],
    ["--state", "deliveries", "list"],
    ["--workspace", "deliveries", "list"],
    ["--source", "forget", "--workspace", "acme", "--yes"],
    ["--scope", "keys", "create", "--workspace", "acme", "--store", "main", "--action", "search"],
    ["--hook", "redeliver", "github", "--workspace", "acme", "--store", "main"],
  ]
  test.each(empty)("%s: engram %s %s", async (option, ...line) => {
    for (const nothing of ["", " "]) {
      const { code, stdout, stderr } = await run([...line, option, nothing])
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
      expect(stderr).toMatch(new RegExp(`^engram: option '${option} [^\\n]*\\n$`))
    }
  })
})

describe("what goes wrong is one line, exit code 1, and no stack", () => {
  test("a server that is not there", async () => {
    const settings = {
      DATABASE_URL: `postgres://me:hush@127.0.0.1:${await freePort()}/engram`,
      ENGRAM_SECRET_KEY: "0123456789abcdef",
    }
    for (const command of ["status", "up", "migrate", "demo"]) {
      const { code, stdout, stderr } = await run([command], settings)
      expect({ command, code, stdout }).toEqual({ command, code: 1, stdout: "" })
      expect(stderr.trim().split("\n").at(-1)).toMatch(
        /^engram: Postgres is away: .*ECONNREFUSED.*; DATABASE_URL is postgres:.*hidden/,
      )
      expect(stderr).not.toMatch(/hush|^\s+at /m)
    }
    const { stderr } = await run(["status"], { ...settings, LOG_LEVEL: "debug" })
    expect(stderr).toMatch(/^\s+at /m)
  })

  test("a database that does not let us in names the setting, and not its password", async () => {
    const { environment } = await install()
    const urlWith = (change: (url: URL) => void): string => {
      const url = new URL(environment.DATABASE_URL!)
      change(url)
      return url.href
    }
    const nobody = urlWith((url) => Object.assign(url, { username: "nobody", password: "hush" }))
    const nowhere = urlWith((url) => Object.assign(url, { pathname: "/nowhere" }))
    const noFile = urlWith((url) => url.searchParams.set("sslrootcert", "/nope/root.crt"))
    const wrong: [url: string, words: RegExp][] = [
      [nobody, /"nobody"/],
      [nowhere, /database "nowhere" does not exist/],
      [noFile, /ENOENT.*\/nope\/root\.crt/],
    ]
    for (const [url, words] of wrong) {
      const { code, stdout, stderr } = await run(["status"], { ...environment, DATABASE_URL: url })
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" })
      expect(stderr).toMatch(/^engram: [^\n]*; DATABASE_URL is [^\n]*\(hidden\)[^\n]*\n$/)
      expect(stderr).toMatch(words)
      expect(stderr).not.toContain("hush")
    }
  })

  test("a socket that is taken is named by its path", () => {
    const taken = { code: "EADDRINUSE", address: "/run/engram.sock", port: -1 }
    const words = explain(Object.assign(new Error("listen EADDRINUSE"), taken), {})
    expect(words).toMatch(/the socket \/run\/engram\.sock is taken.*MEMORY_SOCKET/)
    expect(words).not.toContain("-1")
  })

  test.runIf(existsSync("/proc/self"))("a data directory that cannot be made", async () => {
    const external = {
      DATABASE_URL: (await install()).environment.DATABASE_URL!,
      ENGRAM_SECRET_KEY: "0123456789abcdef",
    }
    const doomed: [command: string[], settings: Record<string, string>][] = [
      [["status"], {}],
      [["rebuild", "--vectors"], external],
    ]
    for (const [command, settings] of doomed) {
      const { code, stdout, stderr } = await run(command, { ...settings, ENGRAM_DATA_DIR: "/proc/nope" })
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" })
      expect(stderr).toMatch(
        /^engram: cannot make the data directory \/proc\/nope: ENOENT[^\n]*ENGRAM_DATA_DIR[^\n]*\n$/,
      )
    }
  })

  test("settings, all of them at once", async () => {
    const { code, stderr } = await run(["status"], { INGEST_PORT: "door", LOG_LEVEL: "loud" })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^engram: INGEST_PORT is "door".*; LOG_LEVEL is "loud".*\n$/)
  })

  test("a database without its schema, until it is migrated", async () => {
    const { environment, json } = await install({ empty: true })
    const before = await run(["status"], environment)
    expect(before.code).toBe(1)
    expect(before.stderr).toMatch(/^engram: the database lacks \d+ migrations .*run `engram migrate` first[^\n]*\n$/)
    expect((await json("migrate")).applied).toBeGreaterThan(0)
    expect(await json("migrate")).toEqual({ applied: 0 })
    expect((await json("status")).stores).toEqual([])
  })
})
