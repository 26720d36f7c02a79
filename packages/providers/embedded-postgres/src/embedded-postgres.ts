import { accessSync, constants, existsSync, mkdirSync, readFileSync, realpathSync } from "node:fs"
import { join } from "node:path"
import { Rejected, reasonOf } from "@engram/contracts/errors"
import pg from "pg"
import { findBinaries } from "./binaries.ts"
import { initialise } from "./cluster.ts"
import { chooseIdentity } from "./identity.ts"
import { launch } from "./launch.ts"
import { type PidFile, probe, servesDirectory, stopServer, urlOf } from "./running-server.ts"
import { withStartLock } from "./start-lock.ts"

export interface EmbeddedPostgres {
  /** The superuser's connection to the database `postgres`. It holds the password: do not log it. */
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Whether it was running before. */
  readonly adopted: boolean
  /** Whether it has not gone since, by its process; one that was started in its place is another. */
  isRunning(): boolean
  /** Fast shutdown: open transactions of other processes are rolled back. Resolves when the server is gone. */
  stop(): Promise<void>
  /** Stops unless anybody else is connected; close this process's own pools first. Tells whether it stopped. */
  stopIfLast(): Promise<boolean>
}

export interface EmbeddedPostgresOptions {
  /** Created when missing. The data is in its folder `pg`, the log in `pg.log`, the password in `pg.password`. */
  readonly dataDir: string
  /** Where to listen on 127.0.0.1 if it must be started; by default the port it had before, or any free one. */
  readonly port?: number
  /** Server settings over the defaults (max_connections 200, timezone UTC), if it must be started. */
  readonly settings?: Readonly<Record<string, string>>
  /** 60,000 by default: recovery after a crash under load takes some seconds. */
  readonly startTimeoutMs?: number
}

/**
 * The Postgres of a data directory: adopted when it runs, else started, made on first use. Any number of processes may
 * call this at once and all get the same server, which outlives them. Throws `Rejected("postgres_unavailable")` with
 * words, and the end of the server's log where there is one, when it cannot run here.
 */
export async function ensureEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const root = makeRoot(options.dataDir)
  const dataDir = join(root, "pg")
  const deadline = Date.now() + (options.startTimeoutMs ?? 60_000)

  const known = readPassword(root)
  const running = known === undefined ? undefined : await probe(dataDir, known)
  if (known !== undefined && running) return handle(root, dataDir, known, { ...running, adopted: true })

  return withStartLock(root, deadline, async () => {
    const { initdb, postgres } = findBinaries()
    const identity = chooseIdentity(root, postgres)
    initialise(root, initdb, identity)
    const password = readPassword(root)
    if (password === undefined) {
      throw new Rejected("postgres_unavailable", `${dataDir} has no ${join(root, "pg.password")} beside it: restore it`)
    }
    const { port, settings = {} } = options
    const found = await launch({ root, dataDir, postgres, identity, password, port, settings, deadline })
    return handle(root, dataDir, password, found)
  })
}

/** The URL of database `name` on the server of `url`, created when missing. Safe when several processes call it at once. */
export async function ensureDatabase(url: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  client.on("error", () => {})
  await client.connect()
  try {
    // Advisory locks are per database, and every caller asks through the same one.
    await client.query("SELECT pg_advisory_lock(hashtext('engram create database'))")
    const { rowCount } = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [name])
    if (rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`)
  } finally {
    await client.end()
  }
  const database = new URL(url)
  database.pathname = `/${encodeURIComponent(name)}`
  return database.href
}

function handle(root: string, dataDir: string, password: string, found: PidFile & { adopted: boolean }) {
  const { pid, port, adopted } = found
  const url = urlOf(port, password)
  const isRunning = () => servesDirectory(pid, dataDir)
  const stop = () => stopServer(dataDir, 30_000)
  const stopIfLast = () =>
    // Under the start lock, so that nobody starts a server while this one goes. One who adopts it in the same
    // milliseconds loses it, and finds it again with the next ensure.
    withStartLock(root, Date.now() + 60_000, async () => {
      if ((await otherClients(url)) > 0) return false
      await stop()
      return true
    })
  return { url, port, pid, adopted, isRunning, stop, stopIfLast }
}

/** 0 as well when the server is gone. */
async function otherClients(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  client.on("error", () => {})
  try {
    await client.connect()
    const { rows } = await client.query(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
    )
    return rows[0].n
  } catch (error) {
    if ((error as { code?: string }).code === "ECONNREFUSED") return 0
    throw error
  } finally {
    await client.end().catch(() => {})
  }
}

function makeRoot(dataDir: string): string {
  try {
    mkdirSync(dataDir, { recursive: true })
    accessSync(dataDir, constants.W_OK)
    const password = join(dataDir, "pg.password")
    if (existsSync(password)) accessSync(password, constants.R_OK)
    return realpathSync(dataDir)
  } catch (error) {
    const words = `cannot use the data directory ${dataDir}: ${reasonOf(error)}. Run as the user it belongs to, or choose another`
    throw new Rejected("postgres_unavailable", words, { cause: error })
  }
}

function readPassword(root: string): string | undefined {
  const file = join(root, "pg.password")
  return existsSync(file) ? readFileSync(file, "utf8").trim() : undefined
}
