import { createHmac } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createConnectionAdmin } from "@engram/store/connection-admin"
import { createDatabase, createPool, type Database } from "@engram/store/database"
import { createSealer } from "@engram/store/sealing"
import { createTestDatabase } from "@engram/testkit/database"
import { waitUntil } from "@engram/testkit/wait-until"
import { type CurrentState, currentState } from "./current-state.ts"
import { type Environment, type RunningProcess, startProcess } from "./processes.ts"
import { createWorkbench, type Payload, type Place, testSecretKey } from "./workbench.ts"

const secretKey = testSecretKey

/** The fleet as it is deployed: ingest and workers are processes, and whatever the environment does not name is embedded. */
export interface System {
  readonly environment: Environment
  readonly dataDir: string
  readonly database: Database
  readonly lane: Place
  readonly connectionId: string
  readonly secret: string
  start(app: Parameters<typeof startProcess>[0], more?: Environment): Promise<RunningProcess>
  /** Posts the payload as GitHub does: signed, and once. */
  post(ingestUrl: string, payload: Payload): Promise<Response>
  /** Posts all, eight at a time; throws unless each is answered 202. */
  postAll(ingestUrl: string, payloads: readonly Payload[]): Promise<void>
  /** Resolves when no delivery waits, no vector is owed, and no raw bytes are left to archive. */
  settled(timeoutMs?: number): Promise<void>
  rows<Row = Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<Row[]>
  /** Kills what still runs and drops the database. */
  close(): Promise<void>
}

const left = `
  select (select count(*)::int from ingest_deliveries where state = 'received') as waiting,
         (select count(*)::int from vector_entries where wanted_hash is distinct from written_hash and parked_reason is null) as owed,
         (select count(*)::int from ingest_deliveries where state <> 'received' and body is not null) as unarchived`

/** `databaseUrl` names a migrated database to use instead of one of its own. */
export async function createSystem(
  environment: Environment = {},
  { databaseUrl }: { readonly databaseUrl?: string } = {},
): Promise<System> {
  const own = databaseUrl === undefined ? await createTestDatabase() : undefined
  const url = databaseUrl ?? own!.url
  const dataDir = await mkdtemp(join(tmpdir(), "engram-system-"))
  const pool = createPool(url, { connectionsMax: 4, applicationName: "system-test" })
  const database = createDatabase(pool)
  const admin = createConnectionAdmin({ database, sealer: createSealer(secretKey) })
  const door = await admin.create({ workspaceId: "acme", storeName: "main", source: "github" })
  const secret = door.secrets[0]!
  const env = {
    DATABASE_URL: url,
    ENGRAM_SECRET_KEY: secretKey,
    ENGRAM_DATA_DIR: dataDir,
    WORKER_LEASE_MS: "3000",
    ...environment,
  }
  const started: RunningProcess[] = []
  const rows = async <Row>(sql: string, values: readonly unknown[] = []): Promise<Row[]> =>
    (await pool.query(sql, [...values])).rows

  const post = (ingestUrl: string, { key, event, payload }: Payload) => {
    const body = typeof payload === "string" ? payload : JSON.stringify(payload)
    return fetch(`${ingestUrl}/v1/webhooks/github/${door.id}`, {
      method: "POST",
      headers: signedHeaders(secret, { key, event, body }),
      body,
    })
  }
  return {
    environment: env,
    dataDir,
    database,
    lane: { workspaceId: door.workspaceId, storeId: door.storeId },
    connectionId: door.id,
    secret,
    rows,
    post,
    start: async (app, more = {}) => {
      const running = await startProcess(app, { ...env, ...more })
      started.push(running)
      return running
    },
    postAll: async (ingestUrl, payloads) => {
      const waiting = [...payloads]
      const sender = async () => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
          const response = await post(ingestUrl, next)
          if (response.status !== 202) throw new Error(`${next.key}: ${response.status} ${await response.text()}`)
          await response.arrayBuffer()
        }
      }
      await Promise.all(Array.from({ length: 8 }, sender))
    },
    settled: async (timeoutMs = 60_000) => {
      let last: unknown
      await waitUntil(
        "nothing is left to do",
        async () => {
          const [row] = await rows<{ waiting: number; owed: number; unarchived: number }>(left)
          last = row
          return Object.values(row!).every((count) => count === 0)
        },
        timeoutMs,
      ).catch((error) => {
        throw new Error(`${error.message}: ${JSON.stringify(last)}\n${started.at(-1)?.said().slice(-2_000)}`)
      })
    },
    close: async () => {
      await Promise.all(started.map((each) => each.kill()))
      await pool.end()
      await own?.drop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** GitHub's headers for a body. */
export const signedHeaders = (
  secret: string,
  { key, event, body }: { readonly key: string; readonly event: string; readonly body: string | Uint8Array },
): Record<string, string> => ({
  "content-type": "application/json",
  "x-github-event": event,
  "x-github-delivery": key,
  "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
})

/** Where the same deliveries, accepted at the same moments, end when nothing disturbs them. */
export async function undisturbed(system: System, payloads: readonly Payload[]): Promise<CurrentState> {
  const accepted = new Map(
    (
      await system.rows<{ key: string; at: Date }>(
        "select delivery_key as key, received_at as at from ingest_deliveries",
      )
    ).map((row) => [row.key, row.at.getTime()]),
  )
  const bench = await createWorkbench()
  try {
    await bench.accept(payloads.map((payload) => ({ ...payload, receivedAt: accepted.get(payload.key)! })))
    await bench.drain()
    return await currentState(bench)
  } finally {
    await bench.close()
  }
}
