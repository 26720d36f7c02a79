import type { Config } from "@engram/config/config"
import type { Embedder, EmbedderOf, LaneQueue, Log, VectorIndex } from "@engram/contracts/ports"
import { storeId as deriveStoreId } from "@engram/core/ids"
import type { Lifecycle } from "@engram/lifecycle/lifecycle"
import type { Metrics } from "@engram/observability/metrics"
import { searchMemories } from "@engram/pipeline/memories/search"
import { createCallerVersions } from "@engram/pipeline/memories/versions"
import { createMemoryWriter } from "@engram/pipeline/memories/write"
import { openStore } from "@engram/pipeline/open-store"
import { createWaker } from "@engram/pipeline/wake"
import type { Database } from "@engram/store/database"
import { ensureStore } from "@engram/store/ensure-store"
import { createMemoryLedger } from "@engram/store/memories/memory-ledger"
import { createVectorLedger } from "@engram/store/vector-ledger"
import { addressOf } from "./plugin/address.ts"
import { createPluginApp, type PluginLimits } from "./plugin/app.ts"

/** A lane is woken at most this often: what is written in between goes to the index together, and is searched exactly until then. */
const wakeEveryMs = 2_000

/** Puts the memory plugin together, makes its store where it is missing, and opens it; gives its URL, or its socket's path. */
export async function startMemoryPlugin(parts: {
  readonly config: Pick<Config, "memory" | "ports">
  readonly database: Database
  readonly queue: Pick<LaneQueue, "wake">
  /** Of what the store gets when it has no vectors yet. */
  readonly embedder: Pick<Embedder, "model">
  readonly embedderOf: EmbedderOf
  readonly index: VectorIndex
  readonly log: Log
  readonly metrics: Metrics
  readonly lifecycle: Lifecycle
  readonly limits?: Partial<PluginLimits>
  /** How long the embedder and the index may take before full text answers alone; 3,000 by default. */
  readonly vectorsMs?: number
}): Promise<string> {
  const { config, database, embedder, embedderOf, index, log, metrics, lifecycle } = parts
  const { workspaceId, storeName } = config.memory
  const storeId = deriveStoreId(workspaceId, storeName)
  const place = { workspaceId, storeId }
  const address = await addressOf(config)
  await database.inWorkspace(workspaceId, (tx) => ensureStore(tx, { workspaceId, storeId, storeName }))
  await openStore({ ledger: createVectorLedger(database), model: embedder.model })({ ...place, stage: "embed" })

  const waker = lifecycle.own(
    createWaker({ queue: parts.queue, log, intervalMs: wakeEveryMs }),
    (waker) => waker.settled(),
    "the wake-up calls",
  )
  const wake = () => waker.wake({ ...place, stage: "embed" })
  const ledger = createMemoryLedger(database)
  const onWritten = (rows: number) => {
    metrics.memoriesWritten.inc(rows)
    metrics.memoryBatchRows.observe(rows)
    wake()
  }
  const callers = createCallerVersions({ ledger, place, onWritten })
  const writer = createMemoryWriter({ ledger, place, onWritten })
  lifecycle.own(writer, (writer) => writer.drain(), "memories being written")
  const app = createPluginApp({
    place,
    ledger,
    writer,
    callers,
    search: searchMemories({
      ledger,
      callers,
      embedderOf,
      index,
      log,
      ...(parts.vectorsMs && { vectorsMs: parts.vectorsMs }),
    }),
    onOwed: wake,
    checks: { database: () => database.check(), vectors: () => index.check() },
    metrics,
    log,
    ...(parts.limits && { limits: parts.limits }),
  })
  lifecycle.own(app, (app) => app.stop(), "the memory plugin")
  return app.listen(address)
}
