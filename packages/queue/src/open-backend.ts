import { RetryLater, reasonOf } from "@engram/contracts/errors"
import type { Log } from "@engram/contracts/ports"
import type { Backend } from "./backend.ts"
import { createPostgresBackend } from "./postgres-backend.ts"
import { createRedisBackend } from "./redis-backend.ts"

/** Redis where there is one, else BullMQ's own tables in Postgres: the promises are the same. */
export type QueueAt = { readonly redisUrl: string } | { readonly databaseUrl: string }

/** On Redis it resolves whether or not Redis is there; on Postgres it rejects with `RetryLater` when the database is away. */
export async function openBackend(at: QueueAt, log: Log, timeoutMs: number): Promise<Backend> {
  if ("redisUrl" in at) return createRedisBackend(at.redisUrl, log, timeoutMs)
  try {
    return await createPostgresBackend(at.databaseUrl, log, timeoutMs)
  } catch (error) {
    throw new RetryLater(`the queue's tables cannot be made or read in Postgres: ${reasonOf(error)}`, {
      afterMs: 5_000,
      cause: error,
    })
  }
}
