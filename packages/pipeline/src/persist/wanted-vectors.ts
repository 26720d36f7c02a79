import type {
  ChunkRow,
  DocumentRow,
  EmbeddingVersion,
  ObservationRow,
  VectorView,
  WantedVector,
} from "@engram/contracts/knowledge"
import type { VectorMetadata } from "@engram/contracts/ports"
import { textHash } from "@engram/core/ids"
import { wantedHash } from "@engram/core/vector-hash"

/** Labels and tags in metadata are a few short ones, so that it stays well under 1 KB. */
const labelsMax = 8
const labelCharsMax = 40

/** What the vectors of a document's current chunks should be, in every open version. */
export function chunkVectors(
  versions: readonly EmbeddingVersion[],
  document: Pick<DocumentRow, "id" | "kind" | "importance" | "labels"> & { readonly source: string },
  chunks: readonly (Pick<ChunkRow, "id" | "storeId" | "textHash"> & { readonly occurredAt: number })[],
): WantedVector[] {
  const metadata: VectorMetadata = {
    documentId: document.id,
    source: document.source,
    type: document.kind,
    importance: document.importance,
    labels: few(document.labels),
  }
  return versions.flatMap((version) =>
    chunks.map(({ id, storeId, textHash, occurredAt }) =>
      wanted(version, storeId, { family: "chunks", refId: id, view: "body" }, textHash, { ...metadata, occurredAt }),
    ),
  )
}

/** An observation's views: its text always, its title and summary where they say something else. */
export function observationVectors(versions: readonly EmbeddingVersion[], row: ObservationRow): WantedVector[] {
  const metadata: VectorMetadata = {
    ...(row.documentId === null ? {} : { documentId: row.documentId }),
    source: row.source,
    type: row.kind,
    occurredAt: row.occurredAt.getTime(),
    importance: row.importance,
    labels: few(row.tags),
  }
  const texts = new Map<string, VectorView>()
  const views = [
    ["body", row.text],
    ["title", row.title],
    ["summary", row.summary],
  ] as const
  for (const [view, text] of views) {
    if (text && !texts.has(text)) texts.set(text, view)
  }
  return versions.flatMap((version) =>
    [...texts].map(([text, view]) =>
      wanted(version, row.storeId, { family: "observations", refId: row.id, view }, textHash(text), metadata),
    ),
  )
}

function wanted(
  version: EmbeddingVersion,
  storeId: WantedVector["storeId"],
  ref: Pick<WantedVector, "family" | "refId" | "view">,
  hash: string,
  metadata: VectorMetadata,
): WantedVector {
  return {
    storeId,
    ...ref,
    embeddingVersionId: version.id,
    textHash: hash,
    metadata,
    wantedHash: wantedHash(hash, metadata),
  }
}

const few = (labels: readonly string[]): string[] =>
  labels.slice(0, labelsMax).map((label) => label.slice(0, labelCharsMax))
