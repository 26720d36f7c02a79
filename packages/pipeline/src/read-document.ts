import type { DocumentHead, DocumentIndex, DocumentPassage, DocumentView } from "@engram/contracts/documents"
import type { Cache } from "@engram/contracts/ports"
import type { Reader } from "@engram/contracts/search"
import { chunksCacheKey, documentCacheKey } from "./cache-keys.ts"

const documentTtlSeconds = 72 * 3_600
const chunksTtlSeconds = 24 * 3_600

export interface ReadDocumentDeps {
  readonly documents: DocumentIndex
  readonly cache: Cache
}

interface Content {
  readonly head: DocumentHead
  readonly chunks: readonly DocumentPassage[]
}

/**
 * A whole document, or undefined when there is none that the reader may see. Whether it lives, who may read it and which
 * version it has is asked of Postgres every time; a cache only spares the text, and only of that version.
 */
export const readDocument =
  (deps: ReadDocumentDeps) =>
  async (reader: Reader, id: string): Promise<DocumentView | undefined> => {
    const now = await deps.documents.glance(reader, id)
    if (now === undefined) return undefined
    const content = (await cached(deps.cache, id, now.version)) ?? (await load(deps, reader, id))
    return content && { ...content.head, chunks: content.chunks, observations: now.observations }
  }

async function cached(cache: Cache, id: string, version: number): Promise<Content | undefined> {
  const keys = [documentCacheKey(id), chunksCacheKey(id, version)] as const
  const [headText, chunksText] = await Promise.all(keys.map((key) => cache.get(key)))
  const head = parsed<DocumentHead>(headText)
  const chunks = parsed<DocumentPassage[]>(chunksText)
  return head?.id === id && head.version === version && Array.isArray(chunks) ? { head, chunks } : undefined
}

async function load({ documents, cache }: ReadDocumentDeps, reader: Reader, id: string): Promise<Content | undefined> {
  const content = await documents.content(reader, id)
  if (content === undefined) return undefined
  const { head, chunks } = content
  await cache.set([
    { key: documentCacheKey(id), value: JSON.stringify(head), ttlSeconds: documentTtlSeconds },
    { key: chunksCacheKey(id, head.version), value: JSON.stringify(chunks), ttlSeconds: chunksTtlSeconds },
  ])
  return content
}

/** undefined for what is not JSON: a cache that was tampered with, or cut, is an empty one. */
function parsed<T>(text: string | undefined): T | undefined {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as T
  } catch {
    return undefined
  }
}
