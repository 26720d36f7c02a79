import type { ChunkId } from "@engram/contracts/ids"
import type { ChunkDraft } from "./chunk/chunk.ts"
import { chunkId } from "./ids.ts"

export interface PlacedChunk extends ChunkDraft {
  readonly id: ChunkId
  /** Which of the document's chunks of equal text this is, from 0. */
  readonly ordinal: number
  /** Its place among the document's chunks, from 0. */
  readonly position: number
}

export interface ChunkDiff {
  /** Chunks of unchanged text, with all that may have changed around it: position, label, part. Their vectors stay. */
  readonly kept: readonly PlacedChunk[]
  readonly added: readonly PlacedChunk[]
  /** Ids of chunks whose text is gone. */
  readonly removed: readonly string[]
}

/**
 * What to write so that the stored chunks become `drafts`, which are in reading order. Ids derive from the text, so an
 * unchanged chunk keeps its id, and with it its vector, wherever it moves.
 */
export function diffChunks(
  existing: readonly { readonly id: string }[],
  drafts: readonly ChunkDraft[],
  documentId: string,
): ChunkDiff {
  const known = new Set(existing.map((chunk) => chunk.id))
  const counts = new Map<string, number>()
  const placed = drafts.map((draft, position): PlacedChunk => {
    const ordinal = counts.get(draft.textHash) ?? 0
    counts.set(draft.textHash, ordinal + 1)
    return { ...draft, id: chunkId(documentId, draft.textHash, ordinal), ordinal, position }
  })
  const wanted = new Set<string>(placed.map((chunk) => chunk.id))
  return {
    kept: placed.filter((chunk) => known.has(chunk.id)),
    added: placed.filter((chunk) => !known.has(chunk.id)),
    removed: [...known].filter((id) => !wanted.has(id)),
  }
}
