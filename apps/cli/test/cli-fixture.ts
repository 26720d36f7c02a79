import { type ChildProcess, spawn } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { createPool } from "@engram/store/database"
import { createTestDatabase, type TestDatabase } from "@engram/testkit/database"
import { afterEach } from "vitest"

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))
const secretKey = "a key for tests, long enough"

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Child {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
  /** What it has said on standard output so far. */
  said(): string
}

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUps.splice(0).reverse()) await clean()
})
/** Runs after the test, whatever became of it; the last first. */
export const afterwards = (clean: () => unknown): void => void cleanUps.push(clean)

/**
 * The real command line in a process of its own; whatever the tests' environment says stays out of it. With `oneOutput` what goes to
 * standard error goes into the pipe of standard output, as by `2>&1`.
 */
export function start(
  args: readonly string[],
  environment: Record<string, string> = {},
  { input, oneOutput = false }: { readonly input?: string | undefined; readonly oneOutput?: boolean } = {},
): Child {
  const env = { PATH: process.env.PATH, NO_COLOR: "1", NODE_NO_WARNINGS: "1", ...environment }
  const redirect = oneOutput ? "2>&1" : ""
  const command = ["-c", `exec "$@" ${redirect}`, "sh", process.execPath, main, ...args]
  const child = spawn("sh", command, { env, stdio: ["pipe", "pipe", "pipe"] })
  child.stdin.end(input)
  afterwards(() => child.kill("SIGKILL"))
  let stdout = ""
  let stderr = ""
  child.stdout.on("data", (chunk) => (stdout += chunk))
  child.stderr.on("data", (chunk) => (stderr += chunk))
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })))
  return { process: child, ended, said: () => stdout }
}

export const run = (args: readonly string[], environment?: Record<string, string>, input?: string): Promise<Ended> =>
  start(args, environment, { input }).ended

export interface Installation {
  readonly environment: Record<string, string>
  readonly database: TestDatabase
  /** Runs a command that has to succeed. */
  ok(...args: string[]): Promise<string>
  /** Runs a command with `--json` that has to succeed. */
  // biome-ignore lint/suspicious/noExplicitAny: the tests say what they expect of it
  json(...args: string[]): Promise<any>
  rows<Row extends object>(sql: string): Promise<Row[]>
}

/** A database and a data directory of their own, gone after the test. */
export async function install({ empty = false } = {}): Promise<Installation> {
  const dataDir = await mkdtemp(join(tmpdir(), "engram-cli-test-"))
  afterwards(() => rm(dataDir, { recursive: true, force: true }))
  const database = await createTestDatabase({ empty })
  afterwards(() => database.drop())
  const pool = createPool(database.url, { connectionsMax: 1, applicationName: "cli-test" })
  afterwards(() => pool.end())
  const environment = {
    DATABASE_URL: database.url,
    ENGRAM_SECRET_KEY: secretKey,
    ENGRAM_DATA_DIR: dataDir,
    INGEST_PORT: "0",
    MEMORY_PORT: "0",
    SEARCH_PORT: "0",
    WORKER_PORT: "0",
    NIGHTLY_PORT: "0",
    LOG_LEVEL: "warn",
  }
  const ok = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(args, environment)
    if (code !== 0) throw new Error(`engram ${args.join(" ")} ended with ${code}: ${stderr}`)
    return stdout
  }
  return {
    environment,
    database,
    ok,
    json: async (...args) => JSON.parse(await ok(...args, "--json")),
    rows: async <Row extends object>(sql: string) => (await pool.query<Row>(sql)).rows,
  }
}

/** The same with more settings, and what an import is counted by. */
export async function installWith(settings: Record<string, string>) {
  const installation = await install()
  const environment = { ...installation.environment, ...settings }
  const counts = async () =>
    (
      await installation.rows<{ deliveries: number; imports: number; connections: number }>(
        `select (select count(*)::int from ingest_deliveries) as deliveries, (select count(*)::int from imports) as imports,
              (select count(*)::int from connections) as connections`,
      )
    )[0]!
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await run([...args, "--json"], environment)
    if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${stderr}`)
    return JSON.parse(stdout)
  }
  return { ...installation, environment, counts, json }
}
