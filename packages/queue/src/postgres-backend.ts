import type { Log } from "@engram/contracts/ports"
import { createPostgresBackend as bullmqOnPostgres, runMigrations, withBackend } from "bullmq"
import pg from "pg"
import type { Backend, JobData, Processor, Producer, RunningWorker, WorkerSettings } from "./backend.ts"
import { quietly } from "./quiet.ts"

const schema = "bullmq"
/** Nobody reads the trail of events, which is otherwise the largest table (BullMQ keeps 10,000 a queue). */
const eventsMax = 1_000
const onPostgres = withBackend(bullmqOnPostgres)

/**
 * BullMQ on its PostgreSQL backend, in the schema `bullmq`, which is made or brought up to date first: BullMQ takes an
 * advisory lock for that, so several processes may start at once. Producers share a pool of 4; a worker has up to
 * `concurrency` + 1 connections of its own, at most 5, and one more to LISTEN.
 */
export async function createPostgresBackend(databaseUrl: string, log: Log, queryTimeoutMs: number): Promise<Backend> {
  const place = `postgres at ${new URL(databaseUrl).host}`
  await migrate(databaseUrl)
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    options: `-c search_path=${schema}`,
    application_name: "engram-queue",
    max: 4,
    connectionTimeoutMillis: queryTimeoutMs,
    query_timeout: queryTimeoutMs,
    keepAlive: true,
  })
  pool.on("error", quietly(log, place))

  const queues = new Map<string, Producer>()
  const queue = async (name: string): Promise<Producer> => {
    const known = queues.get(name)
    if (known) return known
    const opened = new onPostgres.Queue<JobData, void, string>(name, {
      connection: pool as never,
      streams: { events: { maxLen: eventsMax } },
    })
    opened.on("error", quietly(log, name))
    queues.set(name, opened as unknown as Producer)
    return opened as unknown as Producer
  }

  const work = (name: string, processor: Processor, settings: WorkerSettings): RunningWorker => {
    const connection = {
      connectionString: databaseUrl,
      schema,
      application_name: "engram-queue",
      max: Math.min(settings.concurrency ?? 1, 4) + 1,
      connectionTimeoutMillis: 10_000,
    }
    const worker = new onPostgres.Worker<JobData, void, string>(name, processor, { ...settings, connection })
    worker.on("error", quietly(log, name))
    return { worker: worker as unknown as RunningWorker["worker"], isCutOff: () => false, disconnect: () => {} }
  }

  return {
    place,
    queue,
    work,
    ping: async () => {
      await pool.query("SELECT 1")
    },
    trouble: () => undefined,
    close: () => pool.end(),
  }
}

async function migrate(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 })
  client.on("error", () => {})
  try {
    await client.connect()
    await runMigrations(client, schema)
  } finally {
    await client.end().catch(() => {})
  }
}
