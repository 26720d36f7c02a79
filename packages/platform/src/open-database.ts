import { mkdir } from "node:fs/promises"
import { resolve } from "node:path"
import type { Config } from "@engram/config/config"
import { Rejected } from "@engram/contracts/errors"
import { migrate, pendingMigrations } from "@engram/db/migrate"
import { ensureDatabase, ensureEmbeddedPostgres } from "@engram/embedded-postgres/embedded-postgres"
import type { Lifecycle } from "@engram/lifecycle/lifecycle"
import { createDatabase, createPool, type Database } from "@engram/store/database"

export interface OpenDatabase {
  readonly database: Database
  readonly url: string
}

/**
 * Postgres at DATABASE_URL, or the embedded one. Pending migrations are run (`run`: the embedded database, `engram migrate`)
 * or refused in words (`refuse`), so that no process works on a schema it does not know.
 */
export async function openDatabase(
  config: Config,
  options: {
    readonly name: string
    readonly lifecycle: Lifecycle
    readonly migrations: "run" | "refuse"
    readonly connectionsMax?: number
  },
): Promise<OpenDatabase> {
  const url = config.databaseUrl ?? (await embeddedUrl(config.dataDir, options.lifecycle))
  const pool = createPool(url, {
    connectionsMax: options.connectionsMax ?? 10,
    applicationName: `engram-${options.name}`,
  })
  options.lifecycle.own(pool, (open) => open.end(), "the connections to Postgres")
  const database = createDatabase(pool)
  await database.check()
  await bringUpToDate(database, options.migrations)
  return { database, url }
}

/** The embedded server outlives its processes; whoever is last to leave stops it. */
async function embeddedUrl(dataDir: string, lifecycle: Lifecycle): Promise<string> {
  const directory = resolve(dataDir)
  await mkdir(directory, { recursive: true })
  const server = await ensureEmbeddedPostgres({ dataDir: directory })
  lifecycle.own(server, (running) => running.stopIfLast(), "the embedded Postgres")
  return ensureDatabase(server.url, "engram")
}

async function bringUpToDate({ pool }: Database, migrations: "run" | "refuse"): Promise<void> {
  const client = await pool.connect()
  try {
    if (migrations === "run") {
      await migrate(client)
      return
    }
    const pending = await pendingMigrations(client)
    if (pending.length > 0) {
      throw new Rejected(
        "migrations_pending",
        `the database lacks ${pending.join(", ")}: run \`engram migrate\`, then start again`,
      )
    }
  } finally {
    client.release()
  }
}
