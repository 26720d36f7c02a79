import { join } from "node:path"
import { createCohereEmbedder } from "@engram/cohere/cohere-embedder"
import { type Config, localModel } from "@engram/config/config"
import type { Hydrator } from "@engram/contracts/fetches"
import type { ArtifactStore, Cache, Embedder, Log, VectorIndex } from "@engram/contracts/ports"
import { createFileArtifacts } from "@engram/files/file-artifacts"
import type { Lifecycle } from "@engram/lifecycle/lifecycle"
import { createLocalEmbedder } from "@engram/local-embedder/local-embedder"
import { createLruCache } from "@engram/lru/lru-cache"
import { createNotionHydrator } from "@engram/notion/notion-hydrator"
import { createPineconeIndex } from "@engram/pinecone/pinecone-index"
import { createRedisCache } from "@engram/redis/redis-cache"
import { createS3Artifacts } from "@engram/s3/s3-artifacts"
import { createSqliteVecIndex } from "@engram/sqlite-vec/sqlite-vec-index"
import { createUpstashCache } from "@engram/upstash/upstash-cache"

/** One request to a remote service. */
const requestTimeoutMs = 30_000

export function openArtifacts(config: Config, lifecycle: Lifecycle): ArtifactStore {
  if (config.s3) return lifecycle.own(createS3Artifacts(config.s3), (s3) => s3.close(), "S3")
  return createFileArtifacts(join(config.dataDir, "artifacts"))
}

export function openVectors({ pinecone, dataDir }: Config, lifecycle: Lifecycle): VectorIndex {
  if (pinecone === undefined) {
    return lifecycle.own(
      createSqliteVecIndex({ path: join(dataDir, "vectors.db") }),
      (file) => file.close(),
      "the vectors",
    )
  }
  const { apiKey, controllerHost } = pinecone
  return createPineconeIndex({
    apiKey,
    timeoutMs: requestTimeoutMs,
    ...(controllerHost ? { controllerHostUrl: controllerHost } : {}),
  })
}

export function openEmbedder({ cohere, embedding }: Config): Embedder {
  if (cohere === undefined || embedding.model === localModel) return createLocalEmbedder(embedding)
  return createCohereEmbedder({ ...cohere, ...embedding, timeoutMs: requestTimeoutMs })
}

/** By source. Sources that are not here bring in their events all that there is to know. */
export function openHydrators({ notion }: Config): Readonly<Record<string, Hydrator>> {
  return { notion: createNotionHydrator({ ...notion, timeoutMs: requestTimeoutMs }) }
}

/** Upstash where it is named, else Redis, else this process's own memory. */
export function openCache(
  config: Config,
  { log, lifecycle }: { readonly log: Log; readonly lifecycle: Lifecycle },
): Cache {
  if (config.upstash) return createUpstashCache({ ...config.upstash, log })
  if (!config.redisUrl) return createLruCache()
  return lifecycle.own(createRedisCache({ url: config.redisUrl, log }), (redis) => redis.close(), "the cache")
}
