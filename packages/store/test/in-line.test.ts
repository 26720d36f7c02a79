import { once } from "node:events"
import { type AddressInfo, connect, createServer } from "node:net"
import { RetryLater } from "@engram/contracts/errors"
import { createDatabase, createPool } from "@engram/store/database"
import { createTestDatabase } from "@engram/testkit/database"
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest"

const add = "insert into notes (n) values ($1) returning n"
const gate = "what those in line share, and wait for"
const inLine = { sharing: gate, inLine: true }

let db: Awaited<ReturnType<typeof createTestDatabase>>
let pool: ReturnType<typeof createPool>
let others: ReturnType<typeof createPool>
beforeAll(async () => {
  db = await createTestDatabase()
  others = createPool(db.url, { connectionsMax: 2, applicationName: "others" })
  await others.query("create table notes (n int check (n > 0))")
  await others.query("grant all on notes to engram_app")
})
beforeEach(() => {
  pool = createPool(db.url, { connectionsMax: 3, applicationName: "in-line" })
})
afterEach(async () => {
  expect(pool.idleCount).toBe(pool.totalCount)
  await pool.end()
  await others.query("delete from notes")
})
afterAll(async () => {
  await others.end()
  await db.drop()
})

/** Nobody in line gets an answer until it is opened. */
async function closeGate(): Promise<() => Promise<void>> {
  const client = await others.connect()
  await client.query("begin")
  await client.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [gate])
  return async () => {
    await client.query("commit")
    client.release()
  }
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
  return {
    url: Object.assign(new URL(url), { port: String((server.address() as AddressInfo).port) }).href,
    sent: () => Buffer.concat(sent).toString("latin1"),
    close: () => void server.close(),
  }
}

const waitingBackends = async (): Promise<number[]> => {
  const { rows } = await others.query(
    "select pid from pg_stat_activity where application_name = 'in-line' and wait_event_type = 'Lock'",
  )
  return rows.map(({ pid }) => pid)
}

test("those in line share a connection, are sent before the ones ahead have their answers, and answered in their order", async () => {
  const wire = await watchedWire(db.url)
  const watched = createPool(wire.url, { connectionsMax: 3, applicationName: "in-line" })
  const database = createDatabase(watched)
  await database.oneInWorkspace("acme", add, [1001], inLine)
  const openGate = await closeGate()
  const answered: number[] = []
  const asked = [1002, 1003, 1004].map(async (n) => {
    const rows = await database.oneInWorkspace<{ n: number }>("acme", add, [n], inLine)
    answered.push(...rows.map((row) => row.n))
  })
  await expect.poll(() => wire.sent().match(/100\d/g)).toEqual(["1001", "1002", "1003", "1004"])
  expect({ answered, connections: watched.totalCount }).toEqual({ answered: [], connections: 1 })
  await openGate()
  await Promise.all(asked)
  expect(answered).toEqual([1002, 1003, 1004])
  await watched.end()
  wire.close()
})

test("one that is refused takes none of the others along", async () => {
  const database = createDatabase(pool)
  const ends = await Promise.allSettled([5, -1, 6].map((n) => database.oneInWorkspace("acme", add, [n], inLine)))
  expect(ends).toMatchObject([
    { status: "fulfilled", value: [{ n: 5 }] },
    { status: "rejected", reason: { code: "row_refused" } },
    { status: "fulfilled", value: [{ n: 6 }] },
  ])
})

test("where the first on a connection fails before its statement is parsed, the next has it parsed, and it keeps its name", async () => {
  const database = createDatabase(pool)
  const ends = await Promise.allSettled([
    database.oneInWorkspace("no\0where", add, [7], inLine),
    database.oneInWorkspace("acme", add, [8], inLine),
  ])
  expect(ends.map(({ status }) => status)).toEqual(["rejected", "fulfilled"])
  await database.oneInWorkspace("acme", add, [9], inLine)
  const { rows } = await pool.query("select statement from pg_prepared_statements where name like 'engram%'")
  expect(rows).toContainEqual({ statement: add })
})

test("when their connection is cut all of them are told to come back, and those that come then get another", async () => {
  const database = createDatabase(pool)
  await database.oneInWorkspace("acme", add, [10], inLine)
  const openGate = await closeGate()
  const asked = Promise.allSettled([11, 12].map((n) => database.oneInWorkspace("acme", add, [n], inLine)))
  await expect.poll(waitingBackends).toHaveLength(1)
  await others.query("select pg_terminate_backend($1)", await waitingBackends())
  for (const end of await asked) expect(end).toMatchObject({ status: "rejected", reason: expect.any(RetryLater) })
  await openGate()
  expect(await database.oneInWorkspace("acme", add, [13], inLine)).toEqual([{ n: 13 }])
  expect((await others.query("select n from notes order by n")).rows).toEqual([{ n: 10 }, { n: 13 }])
})
