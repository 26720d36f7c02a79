import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { NewDelivery } from "@engram/contracts/deliveries"
import type { ConnectionId, StoreId } from "@engram/contracts/ids"
import type { Cache, Embedder, Lane, LaneQueue, Stage, TurnEnd, VectorIndex } from "@engram/contracts/ports"
import { connectionId, deliveryId, storeId, textHash } from "@engram/core/ids"
import { createLocalEmbedder } from "@engram/local-embedder/local-embedder"
import { sources } from "@engram/sources/registry"
import { createSqliteVecIndex } from "@engram/sqlite-vec/sqlite-vec-index"
import { createDatabase, createPool, type Database } from "@engram/store/database"
import { createDeliveryInbox } from "@engram/store/deliveries"
import { createTestDatabase } from "@engram/testkit/database"
import { createTurns } from "@engram/worker/turns"

export interface Payload {
  readonly key: string
  readonly event: string
  /** `github` unless said. */
  readonly source?: string
  /** An object, or text for bodies that are not JSON. */
  readonly payload: unknown
  /** When it was accepted, in ms; now unless said. */
  readonly receivedAt?: number
}

/** One workspace's store, driven turn by turn instead of by a queue, so that a test decides the order. */
export interface Place {
  readonly lane: Omit<Lane, "stage">
  /** Accepts payloads, as if signed and posted. */
  accept(payloads: readonly Payload[]): Promise<void>
  /** Takes turns until nothing is owed. */
  drain(): Promise<void>
  turn(stage: Stage): Promise<TurnEnd>
}

/** A whole pipeline on a database of its own, with one workspace to begin with. */
export interface Workbench extends Place {
  readonly database: Database
  readonly embedder: Embedder
  readonly index: VectorIndex
  readonly cache: Cache
  /** The store `main` of another workspace, on the same database, index and cache. */
  place(workspaceId: string): Promise<Place>
  readonly calls: { texts: number; calls: number }
  close(): Promise<void>
}

/** Embedded parts, except where others are given. */
export async function createWorkbench(
  given: { readonly embedder?: Embedder; readonly index?: VectorIndex; readonly cache?: Cache } = {},
): Promise<Workbench> {
  const test = await createTestDatabase()
  const directory = await mkdtemp(join(tmpdir(), "engram-workbench-"))
  const pool = createPool(test.url, { connectionsMax: 6, applicationName: "workbench" })
  const database = createDatabase(pool)
  const calls = { texts: 0, calls: 0 }
  const file = createSqliteVecIndex({ path: join(directory, "vectors.db") })
  const { embedder = createLocalEmbedder({ dimension: 64 }), index = file, cache = noCache } = given
  const artifacts = new Map<string, Uint8Array>()
  const turns = createTurns({
    database,
    queue: silent,
    sources,
    artifacts: {
      put: async (key, bytes) => void artifacts.set(key, bytes),
      get: async (key) => artifacts.get(key),
      remove: async (key) => void artifacts.delete(key),
      check: async () => {},
    },
    embedder,
    index,
    cache,
    log: {
      debug() {},
      info() {},
      warn: (fields, message) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`),
      error() {},
    },
    meters: {
      embedded: ({ texts }) => {
        calls.calls++
        calls.texts += texts
      },
      searchable: () => {},
      totals: () => {},
      event: () => {},
    },
  })

  const place = async (workspaceId: string): Promise<Place> => {
    const store = storeId(workspaceId, "main")
    await pool.query("insert into workspaces (id) values ($1)", [workspaceId])
    await pool.query("insert into stores (id, workspace_id, name) values ($1, $2, 'main')", [store, workspaceId])
    const lane = { workspaceId, storeId: store }
    const turn = (stage: Stage): Promise<TurnEnd> => turns[stage]({ ...lane, stage })
    return {
      lane,
      turn,
      accept: async (payloads) => {
        const inbox = createDeliveryInbox({ database })
        for (let start = 0; start < payloads.length; start += 100) {
          const batch = payloads.slice(start, start + 100)
          const deliveries = batch.map((each) => delivery(workspaceId, store, each))
          await inbox.insert(deliveries)
          await pool.query(
            `update ingest_deliveries d set received_at = to_timestamp(k.at / 1000.0)
             from unnest($1::text[], $2::float8[]) as k(id, at) where d.id = k.id and k.at is not null`,
            [deliveries.map(({ id }) => id), batch.map((each) => each.receivedAt ?? null)],
          )
        }
      },
      drain: async () => {
        for (const stage of ["normalize", "embed", "archive"] as const) {
          let end: TurnEnd = "more"
          while (end === "more") end = await turn(stage)
          if (end !== "idle") throw new Error(`${stage} wants to go on later`)
        }
      },
    }
  }

  return {
    ...(await place("acme")),
    ...{ database, embedder, index, cache, place, calls },
    close: async () => {
      await file.close()
      await pool.end()
      await test.drop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function delivery(workspaceId: string, store: StoreId, given: Payload): NewDelivery {
  const { key, event, payload, source = "github" } = given
  const connection: ConnectionId = connectionId(workspaceId, source, "main")
  const body = typeof payload === "string" ? payload : JSON.stringify(payload)
  return {
    id: deliveryId(connection, key),
    workspaceId,
    storeId: store,
    connectionId: connection,
    deliveryKey: key,
    source,
    event,
    headers: { "content-type": "application/json", "x-github-event": event, "x-github-delivery": key },
    body: Buffer.from(body),
    bodyHash: textHash(body),
  }
}

const silent: Pick<LaneQueue, "wake"> = { wake: async () => {} }
const noCache: Cache = {
  get: async () => undefined,
  set: async () => {},
  remove: async () => {},
  check: async () => {},
}
