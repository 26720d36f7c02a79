import { waitUntil } from "@engram/testkit/wait-until"
import type pg from "pg"
import { expect, test } from "vitest"
import { createNightLedger } from "../src/consolidation/night-ledger.ts"
import { createDatabase } from "../src/database.ts"
import { createSweepLedger } from "../src/sweep-ledger.ts"
import { useDatabase } from "./store-fixture.ts"

const context = useDatabase()

/** A pool whose clients are given another of `connections` with each transaction, as PgBouncer does. */
function byTransaction(connections: readonly pg.PoolClient[]): pg.Pool {
  let lent = 0
  const connect = async () => {
    let connection: pg.PoolClient | undefined
    const query = (statement: string | pg.QueryConfig, values?: unknown[]) => {
      const text = typeof statement === "string" ? statement : statement.text
      const on = connection ?? connections[lent++ % connections.length]!
      if (text.startsWith("begin")) connection = on
      if (text === "commit" || text === "rollback") connection = undefined
      return on.query(statement, values)
    }
    return { query, release() {} }
  }
  return { connect } as unknown as pg.Pool
}

test("behind a pooler that lends a connection for a transaction each sweep and each night gives back what it took", async () => {
  const { pool } = context.database
  const connections = await Promise.all([1, 2, 3, 4].map(() => pool.connect()))
  try {
    const database = createDatabase(byTransaction(connections))
    const sweeps = createSweepLedger(database)
    const nights = createNightLedger({ database })
    const night = <T>(work: () => Promise<T>) => nights.alone("acme", work)
    for (let times = 0; times < 4; times++) {
      for (const alone of [sweeps.alone, night]) {
        expect(await alone(async () => ["done", await alone(async () => "another")])).toEqual(["done", undefined])
      }
    }
  } finally {
    for (const connection of connections) connection.release()
  }
})

test("a sweeper whose connection is gone keeps no other waiting", async () => {
  const { database } = context
  const ledger = createSweepLedger(database)
  const killed = ledger.alone(async () => {
    await database.pool.query(
      "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and pid <> pg_backend_pid()",
    )
    await waitUntil("another sweeps", async () => (await ledger.alone(async () => "swept")) === "swept")
  })
  await killed
  expect(await ledger.alone(async () => "again")).toBe("again")
})
