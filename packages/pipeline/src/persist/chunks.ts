import type {
  ChunkPlace,
  ChunkRow,
  DocumentRow,
  EmbeddingVersion,
  KnowledgeWrite,
  StoredDocument,
} from "@engram/contracts/knowledge"
import { canonicalJson } from "@engram/core/canonical"
import type { ChunkLimits } from "@engram/core/chunk/chunk"
import { chunkSections } from "@engram/core/chunk/chunk"
import { diffChunks, type PlacedChunk } from "@engram/core/diff-chunks"
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
  // Cut while Postgres looks.
  const asked = write.currentChunks(rendered.map(({ row }) => row.id))
  const drafts = rendered.map(({ content }) => chunkSections(content.title, content.sections, limits))
  const current = Map.groupBy(await asked, (chunk) => chunk.documentId)
  const diffs = rendered.map(({ stored, row }, at) => {
    const before = current.get(row.id) ?? []
    return { stored, row, before, diff: diffChunks(before, drafts[at]!, row.id) }
  })

  await write.saveChunks(diffs.flatMap(({ row, diff }) => diff.added.map((chunk) => addedRow(place, row, chunk))))
  await write.placeChunks(diffs.flatMap(({ before, diff }) => movedRows(before, diff.kept)))
  await write.supersedeChunks(
    diffs.flatMap(({ row, diff }) => diff.removed.map((id) => ({ id, versionTo: row.version }))),
  )
  await write.wantVectors(
    diffs.flatMap(({ stored, row, before, diff }) => {
      const kept = saysTheSame(stored, row) ? redated(before, diff.kept) : diff.kept
      const chunks = [...kept, ...diff.added].map((chunk) => ({ ...chunk, storeId: place.storeId }))
      return chunkVectors(versions, { ...row, source: stored.source }, chunks)
    }),
  )
}

/** What vectors say of their document is what it was, so those of chunks that stayed are wanted as they are. */
const saysTheSame = (stored: StoredDocument, { kind, importance, labels }: DocumentRow): boolean =>
  stored.live &&
  canonicalJson([stored.kind, stored.importance, stored.labels]) === canonicalJson([kind, importance, labels])

function redated(before: readonly ChunkPlace[], kept: readonly PlacedChunk[]): PlacedChunk[] {
  const known = new Map(before.map(({ id, occurredAt }) => [id, occurredAt.getTime()]))
  return kept.filter(({ id, occurredAt }) => known.get(id) !== occurredAt)
}

const addedRow = (place: Place, document: DocumentRow, chunk: PlacedChunk): ChunkRow => ({
  ...placeOfChunk(chunk),
  storeId: place.storeId,
  documentId: document.id,
  text: chunk.text,
  textHash: chunk.textHash,
  tokens: chunk.tokens,
  versionFrom: document.version,
})

function movedRows(before: readonly ChunkPlace[], kept: readonly PlacedChunk[]): ChunkPlace[] {
  const known = new Map(before.map((chunk) => [chunk.id, chunk]))
  return kept.map(placeOfChunk).filter((chunk) => {
    const was = known.get(chunk.id)!
    return (
      was.position !== chunk.position ||
      was.section !== chunk.section ||
      was.partId !== chunk.partId ||
      was.occurredAt.getTime() !== chunk.occurredAt.getTime()
    )
  })
}

const placeOfChunk = ({ id, partId, position, sectionLabel, occurredAt }: PlacedChunk): ChunkPlace => ({
  id,
  partId,
  position,
  section: sectionLabel,
  occurredAt: new Date(occurredAt),
})
