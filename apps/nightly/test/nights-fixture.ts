import { randomUUID } from "node:crypto"
import type { ConsolidationRun, RunStart } from "@engram/contracts/consolidation"
import type { NightQueue } from "@engram/contracts/nights"
import type { NightsDeps } from "@engram/nightly/nights"
import { startNights } from "@engram/nightly/nights"
import { createNightQueue } from "@engram/queue/night-queue"
import { createNightLedger } from "@engram/store/consolidation/night-ledger"
import { createDatabase, createPool, type Database } from "@engram/store/database"
import { createTestDatabase } from "@engram/testkit/database"
import { loseQueue } from "@engram/testkit/lose-queue"
import { silentLog } from "@engram/testkit/silent-log"
import { afterEach } from "vitest"

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUps.splice(0).reverse()) await clean()
})

export interface Nights {
  readonly database: Database
  readonly url: string
  /** One that is ten days old, so that a night of it is due. */
  addWorkspace(id: string, timeZone?: string): Promise<void>
  /** An app of its own, with a queue of its own unless a prefix names a shared one. */
  start(changes: Partial<NightsDeps> & Pick<NightsDeps, "consolidate">, prefix?: string): Promise<Started>
  /** Empties the queues behind their backs. */
  loseQueues(): Promise<void>
  rows<Row extends object>(sql: string, values?: unknown[]): Promise<Row[]>
}

export interface Started {
  readonly queue: NightQueue
  /** How often it was looked at all workspaces. */
  looks(): number
  close(): Promise<void>
}

let serial = 0

/** A database of its own, and nightly apps on it, gone after the test. */
export async function nights(): Promise<Nights> {
  const test = await createTestDatabase()
  cleanUps.push(() => test.drop())
  const pool = createPool(test.url, { connectionsMax: 10, applicationName: "nights-test" })
  cleanUps.push(() => pool.end())
  const database = createDatabase(pool)
  return {
    database,
    url: test.url,
    loseQueues: () => loseQueue(async (sql) => (await pool.query(sql)).rows).then(() => {}),
    rows: async <Row extends object>(sql: string, values: unknown[] = []) => (await pool.query<Row>(sql, values)).rows,
    addWorkspace: async (id, timeZone = "UTC") => {
      const sql = "insert into workspaces (id, time_zone, created_at) values ($1, $2, now() - interval '10 days')"
      await pool.query(sql, [id, timeZone])
    },
    start: async (changes, prefix = `app${++serial}`) => {
      const queue = await createNightQueue({ databaseUrl: test.url }, silentLog, { prefix, closeTimeoutMs: 1_000 })
      let looks = 0
      const app = await startNights({
        ledger: createNightLedger({ database }),
        queue,
        steps: [],
        stepTimeoutMs: 60_000,
        log: silentLog,
        meters: { ran: () => {}, stepped: () => {}, looked: () => void looks++ },
        lookEveryMs: 50,
        ...changes,
      })
      let closed: Promise<void> | undefined
      const close = () => (closed ??= app.close().then(() => queue.close()))
      cleanUps.push(close)
      return { queue, looks: () => looks, close }
    },
  }
}

/**
 * A run that writes nothing but its row, by the rules of the table: one at a time, one that ends well a night. `during` is the run's
 * work; where it throws, the run failed.
 */
export function recordingConsolidate(
  { database }: Pick<Nights, "database">,
  during: (started: RunStart) => Promise<void> = async () => {},
) {
  const begun: (RunStart & { readonly workspaceId: string })[] = []
  const run = async (workspaceId: string, start: RunStart): Promise<ConsolidationRun | undefined> => {
    const { kind, night } = start
    const id = `run_${randomUUID()}` as const
    const [row] = await database.inWorkspace(workspaceId, async (tx) => {
      await tx.query(
        `update consolidation_runs set state = 'abandoned', finished_at = now() where workspace_id = $1 and state = 'running' and leased_until < now()`,
        [workspaceId],
      )
      return tx.query<{ at: Date }>(
        `insert into consolidation_runs (id, workspace_id, kind, night, state, day, leased_until)
         values ($1, $2, $3, $4, 'running', current_date, now() + interval '1 hour') on conflict do nothing returning started_at as at`,
        [id, workspaceId, kind, night],
      )
    })
    if (!row) return undefined
    begun.push({ ...start, workspaceId })
    const reason = await during(start).then(
      () => null,
      (error: Error) => error.message,
    )
    const state = reason === null ? "done" : "failed"
    await database.inWorkspace(workspaceId, (tx) =>
      tx.query(
        "update consolidation_runs set state = $2, reason = $3, finished_at = now() where id = $1 and state = 'running'",
        [id, state, reason],
      ),
    )
    return { id, workspaceId, kind, night, state, startedAt: row.at, finishedAt: new Date(), report: null, reason }
  }
  return { run, begun }
}
