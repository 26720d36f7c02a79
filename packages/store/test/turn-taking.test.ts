import { Rejected, RetryLater } from "@engram/contracts/errors"
import { createDatabase, createPool } from "@engram/store/database"
import { createTestDatabase } from "@engram/testkit/database"
import { waitUntil } from "@engram/testkit/wait-until"
import { waitingForLocks } from "@engram/testkit/waiting-for-locks"
import { expect, test } from "vitest"

test("two transactions that deadlock, or cannot be ordered, both end well and each once", async () => {
  const test = await createTestDatabase()
  const pool = createPool(test.url, { connectionsMax: 4, applicationName: "turn-taking" })
  const database = createDatabase(pool)
  try {
    await pool.query(
      "create table counters (id int primary key, n int not null); insert into counters values (1, 0), (2, 0)",
    )
    await pool.query("grant all on counters to engram_app")
    const add = "update counters set n = n + 1 where id = $1"

    // Each takes one row and waits until the other has its own. The victim's second try waits for the other's end: were it
    // faster than the one it made way for, it would be in the way again.
    let runs = 0
    const meet = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<void>()
    const crosswise = async (first: number, second: number) => {
      let tries = 0
      await database.inWorkspace("acme", async (tx) => {
        if (++tries > 1) await ended.promise
        await tx.query(add, [first])
        if (++runs === 2) meet.resolve()
        await meet.promise
        await tx.query(add, [second])
      })
      ended.resolve()
    }
    await Promise.all([crosswise(1, 2), crosswise(2, 1)])
    expect(runs).toBe(3)
    expect((await pool.query("select n from counters order by id")).rows).toEqual([{ n: 2 }, { n: 2 }])

    let tries = 0
    await database.inWorkspace("acme", async (tx) => {
      if (++tries < 3) await tx.query("do $$ begin raise exception 'not now' using errcode = '40001'; end $$")
    })
    expect(tries).toBe(3)
  } finally {
    await pool.end()
    await test.drop()
  }
})

test("a row that another makes at the same moment is found at the second try, and one that is there for good is refused", async () => {
  const test = await createTestDatabase()
  const pool = createPool(test.url, { connectionsMax: 4, applicationName: "turn-taking" })
  const database = createDatabase(pool)
  try {
    await pool.query("create table names (id int primary key, name text unique); grant all on names to engram_app")
    const made = Promise.withResolvers<void>()
    const add = "insert into names select $1, 'a' where not exists (select from names where name = 'a')"
    const first = database.inWorkspace("acme", async (tx) => {
      await tx.query(add, [1])
      made.resolve()
      const rows = async (sql: string) => (await pool.query(sql)).rows
      await waitUntil("the second waits for the first", async () => (await waitingForLocks(rows)) > 0)
    })
    await made.promise
    let tries = 0
    await database.inWorkspace("acme", async (tx) => {
      tries++
      await tx.query(add, [2])
    })
    await first
    expect(tries).toBe(2)
    expect((await pool.query("select id from names")).rows).toEqual([{ id: 1 }])

    const again = database.inWorkspace("acme", (tx) => tx.query("insert into names values (3, 'a')"))
    await expect(again).rejects.toThrow(Rejected)
  } finally {
    await pool.end()
    await test.drop()
  }
})

test("a Postgres that only reads, as after a failover, is away for who writes, and takes the write when it is back", async () => {
  const test = await createTestDatabase()
  const pool = createPool(test.url, { connectionsMax: 1, applicationName: "turn-taking" })
  const database = createDatabase(pool)
  try {
    await pool.query("create table notes (id int primary key); grant all on notes to engram_app")
    const add = () => database.inWorkspace("acme", (tx) => tx.query("insert into notes values (1)"))
    await pool.query("set default_transaction_read_only = on")
    await expect(add()).rejects.toThrow(RetryLater)
    await pool.query("set default_transaction_read_only = off")
    await add()
    expect((await pool.query("select id from notes")).rows).toEqual([{ id: 1 }])
  } finally {
    await pool.end()
    await test.drop()
  }
})
