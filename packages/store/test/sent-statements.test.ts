import { createDatabase, createPool } from "@engram/store/database"
import type pg from "pg"
import { beforeAll, beforeEach, expect, test } from "vitest"
import { useDatabase } from "./store-fixture.ts"

const context = useDatabase()
const pool = (): pg.Pool => context.database.pool
beforeAll(async () => {
  await pool().query("create table counters (id int primary key, n int not null check (n >= 0))")
  await pool().query("grant all on counters to engram_app")
})
beforeEach(async () => {
  await pool().query("delete from counters; insert into counters values (1, 0), (2, 0)")
})

const add = "update counters set n = n + $2 where id = $1"
const counters = async () => (await pool().query("select n from counters order by id")).rows.map(({ n }) => n)

for (const way of ["inWorkspace", "inWorkspacePlanned"] as const) {
  test(`${way}: what was sent is committed, in its order, before the transaction answers`, async () => {
    const { database } = context
    const seen = await database[way]("acme", async (tx) => {
      tx.send(add, [1, 1])
      tx.sendRows("counters", [{ id: 3, n: 7 }])
      tx.send(add, [3, 1])
      return tx.query("select n from counters order by id")
    })
    expect(seen).toEqual([{ n: 1 }, { n: 0 }, { n: 8 }])
    expect(await counters()).toEqual([1, 0, 8])
  })

  test(`${way}: what fails after it was sent takes the transaction along, and is what one hears of`, async () => {
    const { database } = context
    const refused = { code: "row_refused", message: expect.stringContaining("counters_n_check") }
    const atTheEnd = database[way]("acme", async (tx) => {
      tx.send(add, [1, 1])
      tx.send(add, [2, -1])
    })
    await expect(atTheEnd).rejects.toMatchObject(refused)
    const byTheNext = database[way]("acme", async (tx) => {
      tx.send(add, [1, 1])
      tx.send(add, [2, -1])
      await tx.query("select n from counters")
    })
    await expect(byTheNext).rejects.toMatchObject(refused)
    const pastTheNext = database[way]("acme", async (tx) => {
      tx.send(add, [1, 1])
      tx.send(add, [2, -1])
      await tx.client.query("select n from counters")
    })
    await expect(pastTheNext).rejects.toMatchObject(refused)
    expect(await counters()).toEqual([0, 0])
    await database[way]("acme", async (tx) => tx.send(add, [2, 5]))
    expect(await counters()).toEqual([0, 5])
  })

  test(`${way}: two that lock each other out by what they sent both end well and each once`, async () => {
    const { database } = context
    let runs = 0
    const meet = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<void>()
    const crosswise = async (first: number, second: number) => {
      let tries = 0
      await database[way]("acme", async (tx) => {
        if (++tries > 1) await ended.promise
        await tx.query(add, [first, 1])
        if (++runs === 2) meet.resolve()
        await meet.promise
        tx.send(add, [second, 1])
      })
      ended.resolve()
    }
    await Promise.all([crosswise(1, 2), crosswise(2, 1)])
    expect(runs).toBe(3)
    expect(await counters()).toEqual([2, 2])
  })
}

test("planned statements and statements of their own share a connection and its names", async () => {
  const single = createPool(context.url, { connectionsMax: 1, applicationName: "sent-statements" })
  const database = createDatabase(single)
  const who = "select current_user::text as role, current_setting('app.workspace_id', true) as workspace"
  for (const workspace of ["acme", "other", "acme"]) {
    const inside = [{ role: "engram_app", workspace }]
    expect(await database.inWorkspacePlanned(workspace, (tx) => tx.query(who))).toEqual(inside)
    expect(await database.oneInWorkspace(workspace, who)).toEqual(inside)
  }
  const { rows } = await single.query("select count(*)::int as n from pg_prepared_statements")
  expect(rows).toEqual([{ n: 2 }])
  await single.end()
})
