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

/** One Postgres for the whole run, with a migrated database that each test file copies. Nothing in it survives the run, so nothing is flushed. */
export async function setup(): Promise<() => Promise<void>> {
  process.env.NODE_COMPILE_CACHE ??= compileCache
  const removeScratch = keepScratchInMemory()
  const dataDir = await mkdtemp(join(tmpdir(), "engram-test-"))
  const settings = { fsync: "off", full_page_writes: "off", synchronous_commit: "off" }
  const server = await ensureEmbeddedPostgres({ dataDir, settings })
  const templateUrl = await ensureDatabase(server.url, "engram_template")
  const client = new pg.Client({ connectionString: templateUrl })
  await client.connect()
  await migrate(client)
  await client.end()
  process.env.TEST_DATABASE_URL = templateUrl

  return async () => {
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
    removeScratch()
  }
}
