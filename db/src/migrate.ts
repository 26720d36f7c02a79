import { readdir } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { readMigrationFiles } from "drizzle-orm/migrator"
import type pg from "pg"
import { assumeCounts } from "./assume-counts.ts"

const migrationsFolder = fileURLToPath(new URL("../migrations", import.meta.url))

/** One at a time in the whole cluster, whichever process starts first; the number is "engram" read as letters on a phone. */
const migrationLock = 364726

/** Brings the schema up to date and returns how many migrations that took. Safe while others start or migrate. */
export async function migrate(client: pg.ClientBase): Promise<number> {
  await client.query("select pg_advisory_lock($1)", [migrationLock])
  try {
    const before = await pendingMigrations(client)
    if (before.length > 0) await applyAll(client)
    return before.length
  } finally {
    await client.query("select pg_advisory_unlock($1)", [migrationLock])
  }
}

/** Drizzle is loaded when there is something to do: every process asks at its start, and hardly any has to. */
async function applyAll(client: pg.ClientBase): Promise<void> {
  const [{ drizzle }, { migrate }] = await Promise.all([
    import("drizzle-orm/node-postgres"),
    import("drizzle-orm/node-postgres/migrator"),
  ])
  await migrate(drizzle(client as pg.Client), { migrationsFolder })
  await assumeCounts(client)
}

/** The names of migrations this code has and the database has not, in order. */
export async function pendingMigrations(client: pg.ClientBase): Promise<string[]> {
  const names = (await readdir(migrationsFolder)).filter((file) => file.endsWith(".sql")).sort()
  const migrations = readMigrationFiles({ migrationsFolder })
  const table = await client.query("select to_regclass('drizzle.__drizzle_migrations') as found")
  if (table.rows[0].found === null) return names
  const applied = await client.query("select max(created_at)::bigint as newest from drizzle.__drizzle_migrations")
  const newest = Number(applied.rows[0].newest ?? 0)
  return names.filter((_, index) => (migrations[index]?.folderMillis ?? 0) > newest)
}
