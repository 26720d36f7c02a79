import type { Config } from "@engram/config/config"
import type { SummaryWriter } from "@engram/contracts/consolidation"
import type { EvaluationBoard } from "@engram/contracts/evaluation"
import type { Hydrator } from "@engram/contracts/fetches"
import type { ArtifactStore, Cache, Embedder, EmbedderOf, LaneQueue, Log, VectorIndex } from "@engram/contracts/ports"
import type { Lifecycle } from "@engram/lifecycle/lifecycle"
import type { LaneQueueOptions } from "@engram/queue/lane-queue"
import type { Database } from "@engram/store/database"
import { openDatabase } from "./open-database.ts"
import {
  modelOf,
  openArtifacts,
  openBoard,
  openCache,
  openEmbedders,
  openHydrators,
  openSummaryWriter,
  openVectors,
} from "./open-ports.ts"
import { openQueue } from "./open-queue.ts"

/** Every port, each with the provider that the settings choose. */
export interface Platform {
  readonly database: Database
  readonly databaseUrl: string
  readonly queue: LaneQueue
  readonly artifacts: ArtifactStore
  readonly index: VectorIndex
  /** Of what a store gets that has no vectors yet. */
  readonly embedder: Embedder
  /** Of whatever model a store's vectors are. */
  readonly embedderOf: EmbedderOf
  readonly cache: Cache
  readonly summaryWriter: SummaryWriter
  /** Who asks senders whose events carry ids only, by source. */
  readonly hydrators: Readonly<Record<string, Hydrator>>
  /** Where evaluations are shown beside Postgres, if anywhere. */
  readonly board?: EvaluationBoard
  /** Whether each answers, by name. */
  readonly checks: { readonly [dependency: string]: () => Promise<void> }
}

export interface PlatformOptions extends LaneQueueOptions {
  /** The process, as it appears in logs and in Postgres' list of connections. */
  readonly name: string
  readonly log: Log
  readonly lifecycle: Lifecycle
}

/** Opens everything; the lifecycle closes it. Rejects when the database cannot be used; the others are asked when needed. */
export async function openPlatform(config: Config, options: PlatformOptions): Promise<Platform> {
  const { database, databaseUrl } = await openDatabase({
    config,
    lifecycle: options.lifecycle,
    applicationName: `engram-${options.name}`,
    connectionsMax: 10,
  })
  const queue = await openQueue({ ...options, config, databaseUrl })
  const artifacts = await openArtifacts(config, options.lifecycle)
  const index = await openVectors(config, options.lifecycle)
  const embedderOf = openEmbedders(config)
  const embedder = await embedderOf(modelOf(config))
  const cache = await openCache(config, options)
  // Not among the checks: while the model is away extracts stand in.
  const { writer: summaryWriter } = await openSummaryWriter(config, options.log)
  const board = await openBoard(config)
  const checks = {
    database: () => database.check(),
    queue: () => queue.check(),
    artifacts: () => artifacts.check(),
    vectors: () => index.check(),
    embeddings: () => embedder.check(),
    cache: () => cache.check(),
  }
  const hydrators = openHydrators(config)
  const ports = { queue, artifacts, index, embedder, embedderOf, cache, summaryWriter, hydrators }
  return { database, databaseUrl, ...ports, checks, ...(board && { board }) }
}
