import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { NewDelivery } from "@engram/contracts/deliveries"
import type { EvaluationBoard, EvaluationRun } from "@engram/contracts/evaluation"
import type { Hydrator } from "@engram/contracts/fetches"
import type { ConnectionId, StoreId } from "@engram/contracts/ids"
import type {
  ArtifactStore,
  Cache,
  Embedder,
  LaneQueue,
  Log,
  Stage,
  StoredArtifact,
  TurnEnd,
  VectorIndex,
} from "@engram/contracts/ports"
import type { Source } from "@engram/contracts/source"
import { connectionId, deliveryId, storeId, textHash } from "@engram/core/ids"
import { createLocalEmbedder } from "@engram/local-embedder/local-embedder"
import { sources } from "@engram/sources/registry"
import { createSqliteVecIndex } from "@engram/sqlite-vec/sqlite-vec-index"
import { createDatabase, createPool, type Database } from "@engram/store/database"
import { createDeliveryInbox } from "@engram/store/deliveries"
import { createTestDatabase } from "@engram/testkit/database"
import { createTurns, type TurnDeps } from "@engram/worker/turns"

/** In-memory artifacts are old: nothing here is under way. */
const artifactsModifiedAt = new Date("2026-01-01T00:00:00Z")

/** ENGRAM_SECRET_KEY of every workbench and system. */
export const testSecretKey = "a key for tests, long enough"

export interface Payload {
  readonly key: string
  readonly event: string
  /** An object, or text for bodies that are not JSON. */
  readonly payload: unknown
  /** When it was accepted, in ms; now unless said. */
  readonly receivedAt?: number
  /** "github" unless said. */
  readonly source?: string
}

/** A whole pipeline on a database of its own, driven turn by turn instead of by a queue, so that a test decides the order. */
export interface Workbench {
  readonly database: Database
  readonly databaseUrl: string
  readonly lane: Place
  readonly embedder: Embedder
  readonly index: VectorIndex
  readonly cache: Cache
  readonly artifacts: ReadonlyMap<string, Uint8Array>
  readonly artifactStore: ArtifactStore
  /** Accepts GitHub payloads, as if signed and posted, into the first store unless said otherwise. */
  accept(payloads: readonly Payload[], into?: Place): Promise<void>
  /** Takes turns until nothing is owed. */
  drain(lane?: Place): Promise<void>
  turn(stage: Stage, lane?: Place): Promise<TurnEnd>
  addStore(workspaceId: string, name: string): Promise<Place>
  /** Rows of a query, as the tables' owner. */
  rows<Row = Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<Row[]>
  /** Rules that found something, in order. */
  readonly redacted: readonly string[]
  readonly calls: { texts: number; calls: number }
  close(): Promise<void>
}

export interface Place {
  readonly workspaceId: string
  readonly storeId: StoreId
}

export interface WorkbenchOptions {
  /** Another workbench's database, to work on it from another process; by default one of its own. */
  readonly databaseUrl?: string
  readonly embedder?: Embedder
  readonly cache?: Cache
  /** What stands between the pipeline and the index, or the artifacts. */
  readonly index?: (real: VectorIndex) => VectorIndex
  readonly artifacts?: (real: ArtifactStore) => ArtifactStore
  readonly sources?: Readonly<Record<string, Source>>
  readonly hydrators?: Readonly<Record<string, Hydrator>>
  /** What senders are asked with, whichever the connection; no waiting for things to settle unless said. */
  readonly credentials?: { readonly [name: string]: string }
  readonly settling?: TurnDeps["settling"]
  readonly hydrateLimits?: TurnDeps["hydrateLimits"]
  readonly normalizeLimits?: TurnDeps["normalizeLimits"]
  readonly leaseMs?: number
  readonly log?: Log
  /** Where evaluations go, how often there is one, and who hears of each. */
  readonly board?: EvaluationBoard
  readonly evaluateEveryMs?: number
  readonly onEvaluated?: (run: EvaluationRun) => void
  /** Hears which lanes are woken; nothing else does. */
  readonly queue?: Pick<LaneQueue, "wake">
}

export async function createWorkbench(options: WorkbenchOptions = {}): Promise<Workbench> {
  const shared = options.databaseUrl
  const test = shared === undefined ? await createTestDatabase() : { url: shared, drop: async () => {} }
  const directory = await mkdtemp(join(tmpdir(), "engram-workbench-"))
  const pool = createPool(test.url, { connectionsMax: 6, applicationName: "workbench" })
  const database = createDatabase(pool)
  const workspaceId = "acme"
  const addStore = async (workspace: string, name: string): Promise<Place> => {
    const id = storeId(workspace, name)
    await pool.query("insert into workspaces (id) values ($1) on conflict do nothing", [workspace])
    await pool.query("insert into stores (id, workspace_id, name) values ($1, $2, $3) on conflict do nothing", [
      id,
      workspace,
      name,
    ])
    return { workspaceId: workspace, storeId: id }
  }
  const lane = await addStore(workspaceId, "main")
  const redacted: string[] = []
  const calls = { texts: 0, calls: 0 }
  const file = createSqliteVecIndex({ path: join(directory, "vectors.db") })
  const { embedder = createLocalEmbedder({ dimension: 64 }), cache = noCache } = options
  const index = options.index?.(file) ?? file
  const artifacts = new Map<string, Uint8Array>()
  const stored = (key: string): StoredArtifact | undefined => {
    const bytes = artifacts.get(key)?.byteLength
    return bytes === undefined ? undefined : { key, bytes, modifiedAt: artifactsModifiedAt }
  }
  const inMemory: ArtifactStore = {
    put: async (key, bytes) => void artifacts.set(key, bytes),
    get: async (key) => artifacts.get(key),
    remove: async (key) => void artifacts.delete(key),
    stat: async (key) => stored(key),
    list: async function* (prefix) {
      const keys = [...artifacts.keys()].filter((key) => key.startsWith(prefix)).sort()
      yield keys.map((key) => stored(key)!)
    },
    check: async () => {},
  }
  const artifactStore = options.artifacts?.(inMemory) ?? inMemory
  const turns = createTurns({
    database,
    queue: options.queue ?? silent,
    sources: options.sources ?? sources,
    artifacts: artifactStore,
    embedder,
    index,
    cache,
    log: options.log ?? warnings,
    secretKey: testSecretKey,
    hydrators: options.hydrators ?? {},
    connections: {
      find: async (id) => ({
        id: id as ConnectionId,
        ...lane,
        source: "",
        secrets: [],
        credentials: options.credentials ?? {},
      }),
    },
    settling: options.settling ?? { settleMs: 0, settleMaxMs: 0 },
    ...(options.hydrateLimits && { hydrateLimits: options.hydrateLimits }),
    ...(options.normalizeLimits && { normalizeLimits: options.normalizeLimits }),
    ...(options.leaseMs && { leaseMs: options.leaseMs }),
    ...(options.board && { board: options.board }),
    ...(options.evaluateEveryMs && { evaluateEveryMs: options.evaluateEveryMs }),
    meters: {
      embedded: ({ texts }) => {
        calls.calls++
        calls.texts += texts
      },
      searchable: () => {},
      totals: () => {},
      cleaned: () => {},
      redacted: (rule) => void redacted.push(rule),
      event: () => {},
      evaluated: (run) => void options.onEvaluated?.(run),
    },
  })
  const turn = (stage: Stage, place: Place = lane): Promise<TurnEnd> => turns[stage]({ ...place, stage })
  return {
    database,
    databaseUrl: test.url,
    lane,
    embedder,
    index,
    cache,
    artifacts,
    artifactStore,
    calls,
    redacted,
    turn,
    addStore,
    rows: async (sql, values = []) => (await pool.query(sql, [...values])).rows,
    accept: async (payloads, into = lane) => {
      const inbox = createDeliveryInbox({ database })
      for (let start = 0; start < payloads.length; start += 100) {
        const batch = payloads.slice(start, start + 100)
        const deliveries = batch.map((each) => delivery(into, each))
        await inbox.insert(deliveries)
        await pool.query(
          `update ingest_deliveries d set received_at = to_timestamp(k.at / 1000.0)
           from unnest($1::text[], $2::float8[]) as k(id, at) where d.id = k.id and k.at is not null`,
          [deliveries.map(({ id }) => id), batch.map((each) => each.receivedAt ?? null)],
        )
      }
    },
    drain: async (place = lane) => {
      // What was asked for is read in its turn.
      for (const stage of ["normalize", "hydrate", "normalize", "embed", "archive"] as const) {
        let end: TurnEnd = "more"
        while (end === "more") end = await turn(stage, place)
        if (end !== "idle") throw new Error(`${stage} wants to go on later`)
      }
    },
    close: async () => {
      file.close()
      await pool.end()
      await test.drop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function delivery({ workspaceId, storeId }: Place, { key, event, payload, source = "github" }: Payload): NewDelivery {
  const connection: ConnectionId = connectionId(workspaceId, source, storeId)
  const body = typeof payload === "string" ? payload : JSON.stringify(payload)
  return {
    id: deliveryId(connection, key),
    workspaceId,
    storeId,
    connectionId: connection,
    deliveryKey: key,
    source,
    event,
    headers: { "content-type": "application/json", "x-github-event": event, "x-github-delivery": key },
    body: Buffer.from(body),
    bodyHash: textHash(body),
  }
}

const warnings: Log = {
  debug() {},
  info() {},
  warn: (fields, message) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`),
  error() {},
}
const silent: Pick<LaneQueue, "wake"> = { wake: async () => {} }
const noCache: Cache = {
  get: async () => undefined,
  set: async () => {},
  remove: async () => {},
  clear: async () => 0,
  check: async () => {},
}
