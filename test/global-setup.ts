import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { migrate } from "@engram/db/migrate"
import { ensureDatabase, ensureEmbeddedPostgres } from "@engram/embedded-postgres/embedded-postgres"
import pg from "pg"
import { keepScratchInMemory } from "./scratch.ts"

/** For the workers and the programs that tests start; it outlives the run. */
const compileCache = fileURLToPath(new URL("../node_modules/.cache/node-compile-cache", import.meta.url))

/** One Postgres for the whole run, with a migrated database that each test file copies: TEST_POSTGRES_URL's, or an embedded one. */
export async function setup(): Promise<() => Promise<void>> {
  process.env.NODE_COMPILE_CACHE ??= compileCache
  const removeScratch = keepScratchInMemory()
  const server = await (process.env.TEST_POSTGRES_URL ? given(process.env.TEST_POSTGRES_URL) : embedded())
  const templateUrl = await ensureDatabase(server.url, `engram_template_${process.pid}`)
  const client = new pg.Client({ connectionString: templateUrl })
  await client.connect()
  const { rows } = await client.query("select current_setting('server_version_num')::int / 10000 as major")
  process.env.TEST_POSTGRES_MAJOR = String(rows[0].major)
  await migrate(client)
  await client.end()
  process.env.TEST_DATABASE_URL = templateUrl

  return async () => {
    await server.leave(templateUrl)
    removeScratch()
  }
}

interface Server {
  readonly url: string
  leave(templateUrl: string): Promise<void>
}

/** Nothing in it survives the run, so nothing is flushed. */
async function embedded(): Promise<Server> {
  const dataDir = await mkdtemp(join(tmpdir(), "engram-test-"))
  const settings = { fsync: "off", full_page_writes: "off", synchronous_commit: "off" }
  const { url, stop } = await ensureEmbeddedPostgres({ dataDir, settings })
  const leave = async (): Promise<void> => {
    await stop()
    await rm(dataDir, { recursive: true, force: true })
  }
  return { url, leave }
}

/** Somebody's own, as a role that may create databases and roles: only the template is removed again. */
async function given(url: string): Promise<Server> {
  const leave = async (templateUrl: string): Promise<void> => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query(`drop database ${pg.escapeIdentifier(new URL(templateUrl).pathname.slice(1))} with (force)`)
    await client.end()
  }
  return { url, leave }
}
