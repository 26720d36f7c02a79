import type { AliasRef } from "@engram/contracts/graph"

/** Ids derive from their workspace, so a key is one tenant's. */
export const documentCacheKey = (documentId: string): string => `document:${documentId}`

/** Another version has another key. What is held says which content it is of, since versions may begin anew. */
export const chunksCacheKey = (documentId: string, version: number): string => `chunks:${documentId}:v${version}`

/** The edges of one name, away from it or towards it. */
export const neighboursCacheKey = (workspaceId: string, direction: "out" | "in", { type, value }: AliasRef): string =>
  `graph:${direction}:${workspaceId}:${type}:${value}`

/** What every key begins with. */
export const cachePrefixes = ["document:", "chunks:", "graph:"] as const
