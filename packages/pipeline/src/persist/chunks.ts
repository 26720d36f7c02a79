import type { EmbeddingVersion, KnowledgeWrite } from "@engram/contracts/knowledge"
import type { ChunkLimits } from "@engram/core/chunk/chunk"
import { chunkSections } from "@engram/core/chunk/chunk"
import { diffChunks } from "@engram/core/diff-chunks"
import type { DocumentChange } from "./document-change.ts"
import { idOf, isGone } from "./documents.ts"
import type { Place } from "./place.ts"
import { chunkVectors } from "./wanted-vectors.ts"

/** Cuts documents that read differently now, keeps the chunks that stayed the same, and says which vectors that takes. */
export async function writeChunks(
  write: KnowledgeWrite,
  place: Place,
  versions: readonly EmbeddingVersion[],
  changes: readonly DocumentChange[],
  limits: ChunkLimits,
): Promise<void> {
  await write.removeChunks(changes.filter(isGone).map(idOf))
  const rendered = changes.flatMap(({ stored, rendered }) => (rendered ? [{ stored, ...rendered }] : []))
  const current = Map.groupBy(await write.currentChunks(rendered.map(({ row }) => row.id)), (chunk) => chunk.documentId)
  const diffs = rendered.map(({ stored, row, content }) => {
    const drafts = chunkSections(content.title, content.sections, limits)
    return { stored, row, diff: diffChunks(current.get(row.id) ?? [], drafts, row.id) }
  })

  await write.saveChunks(
    diffs.flatMap(({ row, diff }) =>
      diff.added.map((chunk) => ({
        id: chunk.id,
        storeId: place.storeId,
        documentId: row.id,
        partId: chunk.partId,
        position: chunk.position,
        section: chunk.sectionLabel,
        text: chunk.text,
        textHash: chunk.textHash,
        tokens: chunk.tokens,
        occurredAt: new Date(chunk.occurredAt),
        versionFrom: row.version,
      })),
    ),
  )
  await write.placeChunks(diffs.flatMap(({ diff }) => diff.moved))
  await write.supersedeChunks(
    diffs.flatMap(({ row, diff }) => diff.removed.map((id) => ({ id, versionTo: row.version }))),
  )
  await write.wantVectors(
    diffs.flatMap(({ stored, row, diff }) =>
      chunkVectors(
        versions,
        { ...row, source: stored.source },
        [...diff.kept, ...diff.added].map((chunk) => ({ ...chunk, storeId: place.storeId })),
      ),
    ),
  )
}
