import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Embedder, Log, VectorIndex } from "@engram/contracts/ports"
import { storeId } from "@engram/core/ids"
import { createLifecycle, type Lifecycle } from "@engram/lifecycle/lifecycle"
import { createLocalEmbedder } from "@engram/local-embedder/local-embedder"
import type { PluginLimits } from "@engram/memory/plugin/app"
import { startMemoryPlugin } from "@engram/memory/start-plugin"
import { createMetrics, type Metrics } from "@engram/observability/metrics"
import { embed } from "@engram/pipeline/embed"
import { createSqliteVecIndex } from "@engram/sqlite-vec/sqlite-vec-index"
import { createDatabase, createPool, type Database } from "@engram/store/database"
import { createMemoryJanitor } from "@engram/store/memories/janitor"
import { createSweepLedger } from "@engram/store/sweep-ledger"
import { createVectorLedger } from "@engram/store/vector-ledger"
import { createTestDatabase } from "@engram/testkit/database"
import { onlyEmbedders } from "@engram/testkit/only-embedders"

/** The memory plugin over real HTTP on a database of its own; vectors are written when a test says so. */
export interface Plugin {
  readonly url: string
  readonly database: Database
  readonly index: VectorIndex
  readonly metrics: Metrics
  readonly place: { readonly workspaceId: string; readonly storeId: string }
  /** Takes turns on the store's lane until nothing is owed. */
  drain(): Promise<void>
  /** One round of the janitor. */
  clean(): Promise<number>
  /** Owes again the removals made so far, as the sweep does after the longest timeout. */
  removeAgain(): Promise<number>
  rows<Row = Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<Row[]>
  /** Stops it as SIGTERM does; the database stays. */
  stop(): Promise<void>
  /** Another one on the same database. */
  another(): Promise<string>
  close(): Promise<void>
}

export interface PluginOptions {
  /** What stands between the plugin and the index; the lane writes to the real one. */
  readonly index?: (real: VectorIndex) => VectorIndex
  readonly realIndex?: VectorIndex
  readonly embedder?: Embedder
  /** One that is there already, instead of one of its own. */
  readonly database?: Database
  readonly workspaceId?: string
  /** Settings of the plugin that differ. */
  readonly memory?: { readonly socket?: string }
  readonly limits?: Partial<PluginLimits>
  readonly vectorsMs?: number
}

const quiet: Log = {
  debug() {},
  info() {},
  warn() {},
  error: (fields, message) => void process.stderr.write(`${message} ${JSON.stringify(fields)}\n`),
}

export const memoryConfig = {
  memory: { host: "127.0.0.1", public: false, workspaceId: "default", storeName: "memories" },
  ports: { ingest: 0, memory: 0, search: 0, worker: 0, nightly: 0 },
}

const openPool = (url: string, lifecycle: Lifecycle) =>
  lifecycle.own(
    createPool(url, { connectionsMax: 10, applicationName: "plugin-test" }),
    (pool) => pool.end(),
    "the pool",
  )

export async function openPlugin(options: PluginOptions = {}): Promise<Plugin> {
  const test = options.database ? undefined : await createTestDatabase()
  const directory = await mkdtemp(join(tmpdir(), "engram-plugin-"))
  const lifecycle = createLifecycle()
  const workspaceId = options.workspaceId ?? "default"
  const database = options.database ?? createDatabase(openPool(test!.url, lifecycle))
  const file = createSqliteVecIndex({ path: join(directory, "vectors.db") })
  lifecycle.own(file, (file) => file.close(), "the vectors")
  const index = options.realIndex ?? file
  const embedder = options.embedder ?? createLocalEmbedder({ dimension: 64 })
  const embedderOf = onlyEmbedders(embedder)
  const metrics = createMetrics()
  const start = (door: Lifecycle = lifecycle) =>
    startMemoryPlugin({
      config: { ...memoryConfig, memory: { ...memoryConfig.memory, workspaceId, ...options.memory } },
      database,
      queue: { wake: async () => {} },
      embedder,
      embedderOf,
      index: options.index?.(index) ?? index,
      log: quiet,
      metrics,
      lifecycle: door,
      ...(options.limits && { limits: options.limits }),
      ...(options.vectorsMs && { vectorsMs: options.vectorsMs }),
    })
  const close = async (): Promise<void> => {
    await lifecycle.close()
    await test?.drop()
    await rm(directory, { recursive: true, force: true })
  }
  const first = lifecycle.own(createLifecycle(), (door) => door.close(), "the plugin")
  const url = await start(first).catch(async (error) => {
    await close()
    throw error
  })
  const place = { workspaceId, storeId: storeId(workspaceId, "memories") }
  const turn = embed({ ledger: createVectorLedger(database), embedderOf, index, log: quiet, leaseMs: 30_000 })
  return {
    url,
    database,
    index,
    metrics,
    place,
    drain: async () => {
      while ((await turn({ ...place, stage: "embed" })) !== "idle");
    },
    clean: () => createMemoryJanitor(database).clean(),
    removeAgain: () => createSweepLedger(database).removeAgain(0),
    rows: async (sql, values = []) => (await database.pool.query(sql, [...values])).rows,
    another: () => start(),
    stop: () => first.close(),
    close,
  }
}
