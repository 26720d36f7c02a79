import { reasonOf } from "@engram/contracts/errors"
import type { Cache, Lane, Log } from "@engram/contracts/ports"
import { chunksCacheKey, documentCacheKey, neighboursCacheKey } from "./cache-keys.ts"
import type { Persisted, PersistedDocument } from "./persist.ts"

/** What others may listen to. Best effort: the truth is in Postgres. */
export type KnowledgeEvent =
  | ({ readonly name: "knowledge.persisted"; readonly workspaceId: string } & PersistedDocument)
  | { readonly name: "memory.observation.created"; readonly workspaceId: string; readonly id: string }

/** After a commit: caches forget what they knew of the changed documents and edges, and listeners are told. Never throws. */
export const announce =
  (deps: { readonly cache: Cache; readonly emit: (event: KnowledgeEvent) => void; readonly log: Log }) =>
  async ({ workspaceId }: Lane, { documents, observations, joined }: Persisted): Promise<void> => {
    try {
      await deps.cache.remove([
        ...documents.flatMap(({ id, version }) => [documentCacheKey(id), chunksCacheKey(id, version - 1)]),
        ...joined.flatMap((alias) => [
          neighboursCacheKey(workspaceId, "out", alias),
          neighboursCacheKey(workspaceId, "in", alias),
        ]),
      ])
      for (const document of documents) deps.emit({ name: "knowledge.persisted", workspaceId, ...document })
      for (const id of observations) deps.emit({ name: "memory.observation.created", workspaceId, id })
    } catch (error) {
      deps.log.warn({ workspaceId, reason: reasonOf(error) }, "announcement failed")
    }
  }
