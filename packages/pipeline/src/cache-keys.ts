/** Ids derive from their workspace, so a key is one tenant's. */
export const documentCacheKey = (documentId: string): string => `document:${documentId}`

/** Passages of a version never change; another version has another key. */
export const chunksCacheKey = (documentId: string, version: number): string => `chunks:${documentId}:v${version}`
