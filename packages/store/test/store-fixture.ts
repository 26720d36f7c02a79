import { hash } from "node:crypto"
import type { NewDelivery } from "@engram/contracts/deliveries"
import * as ids from "@engram/core/ids"
import { createTestDatabase } from "@engram/testkit/database"
import type pg from "pg"
import { afterAll, beforeAll } from "vitest"
import { createDatabase, createPool, type Database } from "../src/database.ts"

/** A database for one test file. Read its fields inside tests. */
export function useDatabase(): { readonly database: Database; readonly url: string } {
  const context = {} as { database: Database; url: string }
  let drop: () => Promise<void>
  beforeAll(async () => {
    const test = await createTestDatabase()
    drop = test.drop
    context.url = test.url
    context.database = createDatabase(createPool(test.url, { connectionsMax: 8, applicationName: "store-test" }))
  })
  afterAll(async () => {
    await context.database?.pool.end()
    await drop?.()
  })
  return context
}

/** Rows and index entries of a table that its database has read so far; exact for what `pool`'s one connection did. */
export async function rowsRead(pool: pg.Pool, table: string): Promise<number> {
  await pool.query("select pg_stat_force_next_flush()")
  const { rows } = await pool.query(
    `select (seq_tup_read + idx_tup_fetch + (select sum(idx_tup_read) from pg_stat_user_indexes i where i.relid = t.relid))::int as n
     from pg_stat_user_tables t where relname = $1`,
    [table],
  )
  return rows[0].n
}

export function newDelivery(deliveryKey: string, given: Partial<NewDelivery> & { text?: string } = {}): NewDelivery {
  const { text = `{"key":"${deliveryKey}"}`, ...rest } = given
  const workspaceId = given.workspaceId ?? "acme"
  const storeId = ids.storeId(workspaceId, "engineering")
  const connectionId = given.connectionId ?? ids.connectionId(workspaceId, "github", storeId)
  const body = given.body ?? Buffer.from(text)
  return {
    id: ids.deliveryId(connectionId, deliveryKey),
    workspaceId,
    storeId,
    connectionId,
    deliveryKey,
    source: "github",
    event: "issues",
    headers: { "x-github-event": "issues" },
    body,
    bodyHash: hash("sha256", body, "hex"),
    ...rest,
  }
}
