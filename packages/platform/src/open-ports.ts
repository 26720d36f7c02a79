import { join } from "node:path"
import { type Config, localModel } from "@engram/config/config"
import { makeDataDir } from "@engram/config/data-dir"
import type { StandIn, SummaryWriter } from "@engram/contracts/consolidation"
import { Rejected } from "@engram/contracts/errors"
import type { EvaluationBoard } from "@engram/contracts/evaluation"
import type { Hydrator } from "@engram/contracts/fetches"
import type {
  ArtifactStore,
  Cache,
  Embedder,
  EmbedderOf,
  EmbeddingModel,
  Log,
  VectorIndex,
} from "@engram/contracts/ports"
import type { Lifecycle } from "@engram/lifecycle/lifecycle"
import { requestTimeoutMs } from "./request-timeout.ts"

// Providers are loaded when they are chosen: the SDKs of those that are not would take a worker 140 MB and a second to start (measured).

/** S3 where a bucket is named, else files in the data directory. */
export async function openArtifacts(config: Config, lifecycle: Lifecycle): Promise<ArtifactStore> {
  if (config.s3) {
    const { createS3Artifacts } = await import("@engram/s3/s3-artifacts")
    return lifecycle.own(createS3Artifacts(config.s3), (s3) => s3.close(), "S3")
  }
  makeDataDir(config)
  const { createFileArtifacts } = await import("@engram/files/file-artifacts")
  return createFileArtifacts(join(config.dataDir, "artifacts"))
}

/** Pinecone where its key is given, else a file in the data directory. */
export async function openVectors({ pinecone, dataDir }: Config, lifecycle: Lifecycle): Promise<VectorIndex> {
  if (pinecone === undefined) {
    makeDataDir({ dataDir })
    const { createSqliteVecIndex } = await import("@engram/sqlite-vec/sqlite-vec-index")
    const file = createSqliteVecIndex({ path: join(dataDir, "vectors.db") })
    return lifecycle.own(file, (file) => file.close(), "the vectors")
  }
  const { createPineconeIndex } = await import("@engram/pinecone/pinecone-index")
  const { apiKey, controllerHost } = pinecone
  return createPineconeIndex({
    apiKey,
    timeoutMs: requestTimeoutMs,
    ...(controllerHost ? { controllerHostUrl: controllerHost } : {}),
  })
}

/** What a store gets that has no vectors yet. */
export const openEmbedder = (config: Config): Promise<Embedder> => openEmbedders(config)(modelOf(config))

/** What the vectors of a new store are of: Cohere's model where its key is given and the local one is not chosen, else the local one. */
export const modelOf = ({ cohere, embedding }: Config): EmbeddingModel => ({
  provider: cohere === undefined || embedding.model === localModel ? "local" : "cohere",
  ...embedding,
})

/** Every embedder that the settings allow, each opened when it is first asked for. */
export function openEmbedders({ cohere }: Pick<Config, "cohere">): EmbedderOf {
  const opened = new Map<string, Promise<Embedder>>()
  const open = async ({ provider, model, dimension }: EmbeddingModel): Promise<Embedder> => {
    if (provider === "local" && model === localModel) {
      const { createLocalEmbedder } = await import("@engram/local-embedder/local-embedder")
      return createLocalEmbedder({ dimension })
    }
    const name = `${provider}:${model}:${dimension}`
    if (provider !== "cohere") {
      throw new Rejected(
        "embedder_missing",
        `nothing embeds with ${name}; there are local:${localModel} and Cohere's models`,
      )
    }
    if (cohere === undefined) throw new Rejected("embedder_missing", `${name} needs COHERE_API_KEY, which is not set`)
    const { createCohereEmbedder } = await import("@engram/cohere/cohere-embedder")
    return createCohereEmbedder({ ...cohere, model, dimension, timeoutMs: requestTimeoutMs })
  }
  return (model) => {
    const key = JSON.stringify([model.provider, model.model, model.dimension])
    const embedder = opened.get(key) ?? open(model)
    opened.set(key, embedder)
    return embedder
  }
}

export interface SummaryPort {
  readonly writer: SummaryWriter
  /** Rejects when the model cannot be used; extracts always can. */
  check(): Promise<void>
}

/** Cohere's model where the settings choose one, with extracts standing in for answers that break a rule or do not come; else extracts. */
export async function openSummaryWriter({ cohere, summaries }: Config, log: Log): Promise<SummaryPort> {
  const { extractiveWriter } = await import("@engram/core/consolidate/extract")
  if (cohere === undefined || summaries === undefined) return { writer: extractiveWriter, check: async () => {} }
  const { createModelWriter } = await import("@engram/core/consolidate/model-writer")
  const { writeOrFallBack } = await import("@engram/core/consolidate/write-or-fall-back")
  const { createCohereChat } = await import("@engram/cohere/cohere-chat")
  const model = createCohereChat({ ...cohere, ...summaries, timeoutMs: requestTimeoutMs })
  const onFallback = (standIn: StandIn, reason: string) =>
    log.warn({ standIn, reason }, "an extract stands in for a summary")
  const writer = writeOrFallBack({ primary: createModelWriter(model), fallback: extractiveWriter, onFallback })
  return { writer, check: () => model.check() }
}

/** By source. Sources that are not here bring in their events all that there is to know. */
export function openHydrators({ notion }: Config): Readonly<Record<string, Hydrator>> {
  let opened: Promise<Hydrator> | undefined
  const open = async (): Promise<Hydrator> => {
    const { createNotionHydrator } = await import("@engram/notion/notion-hydrator")
    return createNotionHydrator({ ...notion, timeoutMs: requestTimeoutMs })
  }
  const fetch: Hydrator["fetch"] = async (thing, credentials) => {
    opened ??= open()
    return (await opened).fetch(thing, credentials)
  }
  return { notion: { fetch } }
}

/** Where evaluations are shown beside Postgres; undefined where no such place is configured. */
export async function openBoard({ braintrust }: Config): Promise<EvaluationBoard | undefined> {
  if (braintrust === undefined) return undefined
  const { createBraintrustBoard } = await import("@engram/braintrust/braintrust-board")
  return createBraintrustBoard({ ...braintrust, timeoutMs: requestTimeoutMs })
}

/** Upstash where it is named, else Redis, else this process's own memory. */
export async function openCache(
  config: Config,
  { log, lifecycle }: { readonly log: Log; readonly lifecycle: Lifecycle },
): Promise<Cache> {
  if (config.upstash) {
    const { createUpstashCache } = await import("@engram/upstash/upstash-cache")
    return createUpstashCache({ ...config.upstash, log })
  }
  if (config.redisUrl) {
    const { createRedisCache } = await import("@engram/redis/redis-cache")
    return lifecycle.own(createRedisCache({ url: config.redisUrl, log }), (redis) => redis.close(), "the cache")
  }
  const { createLruCache } = await import("@engram/lru/lru-cache")
  return createLruCache()
}
