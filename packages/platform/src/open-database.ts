import type { Config } from "@engram/config/config"
import { makeDataDir } from "@engram/config/data-dir"
import { Rejected } from "@engram/contracts/errors"
import { migrate, pendingMigrations } from "@engram/db/migrate"
import { ensureDatabase, ensureEmbeddedPostgres } from "@engram/embedded-postgres/embedded-postgres"
import type { Lifecycle } from "@engram/lifecycle/lifecycle"
import { createDatabase, createPool, type Database } from "@engram/store/database"

/** DATABASE_URL or, where it is not set, the database `engram` of the embedded server, started if it is not running yet. */
export async function databaseUrlOf(
  config: Pick<Config, "databaseUrl" | "dataDir">,
  lifecycle: Lifecycle,
): Promise<string> {
  if (config.databaseUrl !== undefined) return config.databaseUrl
  makeDataDir(config)
  const server = await lifecycle.opening(
    () => ensureEmbeddedPostgres({ dataDir: config.dataDir }),
    (server) => server.stopIfLast(),
    "the embedded Postgres",
  )
  return untilDone(lifecycle, () => ensureDatabase(server.url, "engram"))
}

/**
 * The database of the settings, ready to be used, and its address. An embedded one is migrated; an external one with migrations still to come is refused with
 * `Rejected("migrations_pending")`: whoever deploys decides when it changes.
 */
export async function openDatabase(options: {
  readonly config: Pick<Config, "databaseUrl" | "dataDir">
  readonly lifecycle: Lifecycle
  readonly applicationName: string
  readonly connectionsMax: number
  readonly statementTimeoutMs?: number
}): Promise<{ readonly database: Database; readonly databaseUrl: string }> {
  const { config, lifecycle, ...settings } = options
  const embedded = config.databaseUrl === undefined
  const databaseUrl = await databaseUrlOf(config, lifecycle)
  if (embedded) await untilDone(lifecycle, () => requireSchema(databaseUrl, embedded))
  else await requireSchema(databaseUrl, embedded)
  const pool = lifecycle.own(createPool(databaseUrl, settings), (pool) => pool.end(), "the database connections")
  return { database: createDatabase(pool), databaseUrl }
}

/** Closing waits for it: the embedded server is not stopped while anybody is connected, also by who no longer wants it. */
export const untilDone = <T>(lifecycle: Lifecycle, work: () => Promise<T>): Promise<T> =>
  lifecycle.opening(work, () => {}, "the schema")

/** Brings the schema of `url` up to date and returns how many migrations that took. */
export const migrateDatabase = (url: string): Promise<number> => withMigrationClient(url, migrate)

function requireSchema(url: string, embedded: boolean): Promise<void> {
  return withMigrationClient(url, async (client) => {
    if (embedded) await migrate(client)
    const pending = await pendingMigrations(client)
    if (pending.length === 0) return
    const words = `the database lacks ${pending.length} migrations (${pending.join(", ")}): run \`engram migrate\` first`
    throw new Rejected("migrations_pending", words)
  })
}

/** On a connection of its own: a migration, or waiting for somebody else's, may take its time. */
async function withMigrationClient<T>(
  url: string,
  work: (client: Parameters<typeof migrate>[0]) => Promise<T>,
): Promise<T> {
  const pool = createPool(url, { connectionsMax: 1, applicationName: "engram-migrate", statementTimeoutMs: 600_000 })
  try {
    await createDatabase(pool).check()
    const client = await pool.connect()
    try {
      return await work(client)
    } finally {
      client.release()
    }
  } finally {
    await pool.end()
  }
}
