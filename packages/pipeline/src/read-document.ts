import type {
  DocumentEdition,
  DocumentHead,
  DocumentIndex,
  DocumentPassage,
  DocumentView,
} from "@engram/contracts/documents"
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

/** As it is cached: with the edition that it is of. */
interface Held<T> {
  readonly edition: DocumentEdition
  readonly value: T
}

/**
 * A whole document, or undefined when there is none that the reader may see. Whether it lives, who may read it and which
 * edition it is in is asked of Postgres every time; a cache only spares the text, and only of that edition.
 */
export const readDocument =
  (deps: ReadDocumentDeps) =>
  async (reader: Reader, id: string): Promise<DocumentView | undefined> => {
    const now = await deps.documents.glance(reader, id)
    if (now === undefined) return undefined
    const content = (await cached(deps.cache, id, now)) ?? (await load(deps, reader, id))
    return content && { ...content.head, chunks: content.chunks, observations: now.observations }
  }

async function cached(cache: Cache, id: string, now: DocumentEdition): Promise<Content | undefined> {
  const keys = [documentCacheKey(id), chunksCacheKey(id, now.version)] as const
  const [headText, chunksText] = await Promise.all(keys.map((key) => cache.get(key)))
  const head = held<DocumentHead>(headText, now)
  const chunks = held<DocumentPassage[]>(chunksText, now)
  return head?.id === id && Array.isArray(chunks) ? { head, chunks } : undefined
}

async function load({ documents, cache }: ReadDocumentDeps, reader: Reader, id: string): Promise<Content | undefined> {
  const content = await documents.content(reader, id)
  if (content === undefined) return undefined
  const { edition, head, chunks } = content
  const text = (value: DocumentHead | DocumentPassage[]) => JSON.stringify({ edition, value })
  await cache.set([
    { key: documentCacheKey(id), value: text(head), ttlSeconds: documentTtlSeconds },
    { key: chunksCacheKey(id, edition.version), value: text(chunks), ttlSeconds: chunksTtlSeconds },
  ])
  return { head, chunks }
}

/** undefined for another edition, and for what is not JSON: a cache that was tampered with, or cut, is an empty one. */
function held<T>(text: string | undefined, now: DocumentEdition): T | undefined {
  if (text === undefined) return undefined
  try {
    const { edition, value } = JSON.parse(text) as Held<T>
    return edition.version === now.version && edition.contentHash === now.contentHash ? value : undefined
  } catch {
    return undefined
  }
}
