import { execFile } from "node:child_process"
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import {
  type EmbeddedPostgres,
  ensureDatabase,
  ensureEmbeddedPostgres,
} from "@engram/embedded-postgres/embedded-postgres"
import pg from "pg"
import { afterEach, expect, test } from "vitest"

const settings = { fsync: "off" }
const roots: string[] = []
const servers: EmbeddedPostgres[] = []

function newRoot(): string {
  const root = mkdtempSync(join(tmpdir(), "engram-pg-"))
  roots.push(root)
  return root
}

async function ensure(dataDir: string, port?: number): Promise<EmbeddedPostgres> {
  const server = await ensureEmbeddedPostgres({ dataDir, settings, ...(port ? { port } : {}) })
  servers.push(server)
  return server
}

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  client.on("error", () => {})
  await client.connect()
  try {
    return (await client.query({ text: sql, rowMode: "array" })).rows.flat()
  } finally {
    await client.end()
  }
}

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true })
})

test("three processes that race on a fresh directory get the same server", async () => {
  const root = newRoot()
  const race = Array.from({ length: 3 }, () =>
    promisify(execFile)(process.execPath, [join(import.meta.dirname, "ensure.ts"), root]),
  )
  const answers = (await Promise.all(race)).map(({ stdout }) => JSON.parse(stdout))
  const mine = await ensure(root)
  expect(answers.map(({ pid, port }) => [pid, port])).toEqual(Array(3).fill([mine.pid, mine.port]))
  expect(answers.filter(({ adopted }) => !adopted)).toHaveLength(1)
  expect(mine.adopted).toBe(true)
})

test("a server killed with its data comes back on the same port with what was committed", async () => {
  const root = newRoot()
  const first = await ensure(root)
  await ask(first.url, "CREATE TABLE kept AS SELECT 7 AS n")
  process.kill(first.pid, "SIGKILL")
  const [second, third] = await Promise.all([ensure(root), ensure(root)])
  expect(second.pid).not.toBe(first.pid)
  expect(third.pid).toBe(second.pid)
  expect(second.url).toBe(first.url)
  expect([first, second, third].map((server) => server.isRunning())).toEqual([false, true, true])
  expect(await ask(second.url, "SELECT n FROM kept")).toEqual([7])
})

test("a stale pid file that names a stranger's process does not stop the start", async () => {
  const root = newRoot()
  const first = await ensure(root)
  await first.stop()
  writeFileSync(
    join(root, "pg", "postmaster.pid"),
    `${process.pid}\n${root}/pg\n1\n${first.port}\n\n127.0.0.1\n\nready\n`,
  )
  const second = await ensure(root)
  expect(second.adopted).toBe(false)
  expect(await ask(second.url, "SELECT 1")).toEqual([1])
})

test("a half-made data directory is made again", async () => {
  const root = newRoot()
  mkdirSync(join(root, "pg.init-dead", "data"), { recursive: true })
  writeFileSync(join(root, "pg.password"), "of the attempt that died")
  const server = await ensure(root)
  expect(await ask(server.url, "SELECT 1")).toEqual([1])
})

test("stopIfLast stops only when nobody else is connected", async () => {
  const server = await ensure(newRoot())
  const other = new pg.Client({ connectionString: server.url })
  await other.connect()
  expect(await server.stopIfLast()).toBe(false)
  expect(await ask(server.url, "SELECT 1")).toEqual([1])
  await other.end()
  await expect.poll(() => server.stopIfLast(), { timeout: 10_000 }).toBe(true)
  await expect(ask(server.url, "SELECT 1")).rejects.toThrow()
})

test("stops the server that runs now, also when it is not the one that was ensured", async () => {
  const root = newRoot()
  const first = await ensure(root)
  process.kill(first.pid, "SIGKILL")
  const second = await ensure(root)
  await first.stop()
  await expect(ask(second.url, "SELECT 1")).rejects.toThrow()
})

test("data made in a mode that is not open here is refused in words, not touched", async () => {
  const root = newRoot()
  writeFileSync(join(root, "pg.mode"), "of-another-machine")
  await expect(ensure(root)).rejects.toThrow(/made in the mode "of-another-machine"[\s\S]*or set DATABASE_URL/)
})

const canBePostgres = process.getuid?.() === 0 && /^postgres:/m.test(readFileSync("/etc/passwd", "utf8"))

test.runIf(canBePostgres)("as root, data made as the user postgres goes on as that user", async () => {
  const root = newRoot()
  writeFileSync(join(root, "pg.mode"), "postgres-user")
  await expect(ensure(root)).rejects.toThrow(/postgres-user: .*can't cd/)
  chmodSync(root, 0o755)
  const server = await ensure(root)
  expect(await ask(server.url, "SELECT 1")).toEqual([1])
  expect(statSync(join(root, "pg")).uid).not.toBe(0)
})

test("a taken port gives way to a free one, unless it was asked for", async () => {
  const root = newRoot()
  const first = await ensure(root)
  await first.stop()
  const squatter = createServer().listen(first.port, "127.0.0.1")
  try {
    await expect(ensure(root, first.port)).rejects.toThrow(`port ${first.port} on 127.0.0.1 is taken`)
    const second = await ensure(root)
    expect(second.port).not.toBe(first.port)
  } finally {
    squatter.close()
  }
})

test("a server that will not start says why, with the end of its log", async () => {
  const options = { dataDir: newRoot(), settings: { shared_buffers: "nonsense" } }
  await expect(ensureEmbeddedPostgres(options)).rejects.toThrow(/did not start[\s\S]*shared_buffers/)
})

test("listens on this machine only, in UTC, with the password in a file only its owner reads", async () => {
  const root = newRoot()
  const { url } = await ensure(root)
  const names = ["listen_addresses", "timezone", "max_connections", "fsync", "server_encoding", "password_encryption"]
  const read = names.map((name) => `current_setting('${name}')`).join(", ")
  expect(await ask(url, `SELECT ${read}, lower('ÄÉ')`)).toEqual([
    ...["127.0.0.1", "UTC", "200", "off", "UTF8", "scram-sha-256"],
    "äé",
  ])
  expect(statSync(join(root, "pg.password")).mode & 0o777).toBe(0o600)
  expect(url).toContain(readFileSync(join(root, "pg.password"), "utf8"))
  await expect(ask(url.replace(/:[^:@]+@/, ":wrong@"), "SELECT 1")).rejects.toThrow("password")
})

test("a database is created once, however many ask", async () => {
  const { url } = await ensure(newRoot())
  const urls = await Promise.all([1, 2, 3].map(() => ensureDatabase(url, "engram-a")))
  expect(await ask(urls[0]!, "SELECT current_database()")).toEqual(["engram-a"])
})
