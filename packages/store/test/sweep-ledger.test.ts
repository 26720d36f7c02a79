import { waitUntil } from "@engram/testkit/wait-until"
import type pg from "pg"
import { expect, test } from "vitest"
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

test("behind a pooler that lends a connection for a transaction each sweep gives back what it took", async () => {
  const { pool } = context.database
  const connections = await Promise.all([1, 2, 3, 4].map(() => pool.connect()))
  try {
    const ledger = createSweepLedger(createDatabase(byTransaction(connections)))
    for (let sweeps = 0; sweeps < 4; sweeps++) {
      const sweep = ledger.alone(async () => ["swept", await ledger.alone(async () => "another")])
      expect(await sweep).toEqual(["swept", undefined])
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
  await expect(killed).rejects.toThrow("Postgres is away")
  expect(await ledger.alone(async () => "again")).toBe("again")
})
