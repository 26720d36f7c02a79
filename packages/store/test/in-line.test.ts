import { once } from "node:events"
import { type AddressInfo, connect, createServer } from "node:net"
import { RetryLater, TookTooLong } from "@engram/contracts/errors"
import { createDatabase, createPool } from "@engram/store/database"
import type pg from "pg"
import { beforeAll, beforeEach, expect, onTestFinished, test } from "vitest"
import { useDatabase } from "./store-fixture.ts"

const add = "insert into notes (n) values ($1) returning n"
const gate = "what those in line share, and wait for"
const inLine = { sharing: gate, inLine: true }

const context = useDatabase()
const others = (): pg.Pool => context.database.pool
beforeAll(async () => {
  await others().query("create table notes (n int check (n > 0))")
  await others().query("grant all on notes to engram_app")
})
beforeEach(() => others().query("truncate notes"))

/** Nobody in line gets an answer until it is opened. */
async function closeGate(): Promise<() => Promise<void>> {
  const client = await others().connect()
  await client.query("begin")
  await client.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [gate])
  let opened: Promise<void> | undefined
  const open = () => (opened ??= client.query("commit").then(() => client.release()))
  onTestFinished(open)
  return open
}

/** Ends with the test, and finds all of its connections idle then. */
function poolOf(url: string, settings: { readonly statementTimeoutMs?: number } = {}) {
  const pool = createPool(url, { connectionsMax: 3, applicationName: "in-line", ...settings })
  onTestFinished(async () => {
    expect(pool.idleCount).toBe(pool.totalCount)
    await pool.end()
  })
  return pool
}

/** A way to the database that keeps what was sent over it. */
async function watchedWire(url: string) {
  const sent: Buffer[] = []
  const { hostname, port } = new URL(url)
  const server = createServer((client) => {
    const postgres = connect(Number(port), hostname)
    client.on("data", (bytes) => sent.push(bytes))
    client.pipe(postgres).pipe(client)
  })
  await once(server.listen(0, "127.0.0.1"), "listening")
  onTestFinished(() => void server.close())
  return {
    url: Object.assign(new URL(url), { port: String((server.address() as AddressInfo).port) }).href,
    sent: () => Buffer.concat(sent).toString("latin1"),
  }
}

const waitingBackends = async (): Promise<number[]> => {
  const { rows } = await others().query(
    "select pid from pg_stat_activity where application_name = 'in-line' and wait_event_type = 'Lock'",
  )
  return rows.map(({ pid }) => pid)
}

test("those in line share a connection, are sent before the ones ahead have their answers, and answered in their order", async () => {
  const wire = await watchedWire(context.url)
  const pool = poolOf(wire.url)
  const database = createDatabase(pool)
  await database.oneInWorkspace("acme", add, [1001], inLine)
  const openGate = await closeGate()
  const answered: number[] = []
  const asked = [1002, 1003, 1004].map(async (n) => {
    const rows = await database.oneInWorkspace<{ n: number }>("acme", add, [n], inLine)
    answered.push(...rows.map((row) => row.n))
  })
  await expect.poll(() => wire.sent().match(/100\d/g)).toEqual(["1001", "1002", "1003", "1004"])
  expect({ answered, connections: pool.totalCount }).toEqual({ answered: [], connections: 1 })
  await openGate()
  await Promise.all(asked)
  expect(answered).toEqual([1002, 1003, 1004])
})

test("one that is refused takes none of the others along", async () => {
  const database = createDatabase(poolOf(context.url))
  const ends = await Promise.allSettled([5, -1, 6].map((n) => database.oneInWorkspace("acme", add, [n], inLine)))
  expect(ends).toMatchObject([
    { status: "fulfilled", value: [{ n: 5 }] },
    { status: "rejected", reason: { code: "row_refused" } },
    { status: "fulfilled", value: [{ n: 6 }] },
  ])
})

test("where those that come first on a connection fail before their statement is parsed, the next has it parsed, and it keeps its name", async () => {
  const pool = poolOf(context.url)
  const database = createDatabase(pool)
  const ends = await Promise.allSettled(
    ["no\0where", "nor\0here", "acme", "acme"].map((workspaceId, at) =>
      database.oneInWorkspace(workspaceId, add, [7 + at], inLine),
    ),
  )
  expect(ends.map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled", "fulfilled"])
  const { rows } = await pool.query("select statement from pg_prepared_statements where name like 'engram%'")
  expect(rows).toContainEqual({ statement: add })
})

test("what one waits in line is not taken for a Postgres that is away: each has its own time, and nothing refused is written", async () => {
  const database = createDatabase(poolOf(context.url, { statementTimeoutMs: 600 }))
  await database.oneInWorkspace("acme", add, [1], inLine)
  const openGate = await closeGate()
  // The last one's turn comes after what the pool gives a query that has no others ahead.
  const asked = [2, 3, 4, 5, 6].map((n) => database.oneInWorkspace("acme", add, [n], inLine))
  for (const end of await Promise.allSettled(asked)) {
    expect(end).toMatchObject({ status: "rejected", reason: expect.any(TookTooLong) })
  }
  await openGate()
  expect(await database.oneInWorkspace("acme", "select n from notes")).toEqual([{ n: 1 }])
})

test("when their connection is cut all of them are told to come back, and those that come then get another", async () => {
  const database = createDatabase(poolOf(context.url))
  await database.oneInWorkspace("acme", add, [10], inLine)
  const openGate = await closeGate()
  const asked = Promise.allSettled([11, 12].map((n) => database.oneInWorkspace("acme", add, [n], inLine)))
  await expect.poll(waitingBackends).toHaveLength(1)
  await others().query("select pg_terminate_backend($1)", await waitingBackends())
  for (const end of await asked) expect(end).toMatchObject({ status: "rejected", reason: expect.any(RetryLater) })
  await openGate()
  expect(await database.oneInWorkspace("acme", add, [13], inLine)).toEqual([{ n: 13 }])
  expect((await others().query("select n from notes order by n")).rows).toEqual([{ n: 10 }, { n: 13 }])
})
