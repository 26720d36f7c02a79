import { reasonOf } from "@engram/contracts/errors"
import type { Cache, Lane, Log } from "@engram/contracts/ports"
import type { Persisted, PersistedDocument } from "./persist.ts"

/** What others may listen to. Best effort: the truth is in Postgres. */
export type KnowledgeEvent =
  | ({ readonly name: "knowledge.persisted"; readonly workspaceId: string } & PersistedDocument)
  | { readonly name: "memory.observation.created"; readonly workspaceId: string; readonly id: string }

export const documentCacheKey = (documentId: string): string => `document:${documentId}`

/** After a commit: caches forget what they knew of the changed documents, and listeners are told. Never throws. */
export const announce =
  (deps: { readonly cache: Cache; readonly emit: (event: KnowledgeEvent) => void; readonly log: Log }) =>
  async ({ workspaceId }: Lane, { documents, observations }: Persisted): Promise<void> => {
    try {
      await deps.cache.remove(documents.map(({ id }) => documentCacheKey(id)))
      for (const document of documents) deps.emit({ name: "knowledge.persisted", workspaceId, ...document })
      for (const id of observations) deps.emit({ name: "memory.observation.created", workspaceId, id })
    } catch (error) {
      deps.log.warn({ workspaceId, reason: reasonOf(error) }, "announcement failed")
    }
  }
