import type { SummaryRow } from "@engram/contracts/consolidation"
import { cutText } from "@engram/contracts/cut-text"
import type { ProfileId, StoreId } from "@engram/contracts/ids"
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

/** A summary has one view: its title says when and of whom, which its metadata does too. */
export function summaryVectors(
  versions: readonly EmbeddingVersion[],
  row: Pick<SummaryRow, "id" | "storeId" | "topic" | "entityId" | "occurredAt" | "importance" | "text">,
): WantedVector[] {
  const { topic, entityId, occurredAt, importance } = row
  const metadata = { type: "summary", topic, ...(entityId === null ? {} : { entityId }), occurredAt, importance }
  return versions.map((version) =>
    wanted(version, row.storeId, { family: "summaries", refId: row.id, view: "body" }, textHash(row.text), metadata),
  )
}

/** `hash` names the centroid's values. */
export const profileVector = (
  version: EmbeddingVersion,
  storeId: string,
  { id, entityId, view }: { readonly id: ProfileId; readonly entityId: string; readonly view: VectorView },
  hash: string,
): WantedVector =>
  wanted(version, storeId, { family: "profiles", refId: id, view }, hash, { type: "profile", entityId })

function wanted(
  version: EmbeddingVersion,
  storeId: string,
  ref: Pick<WantedVector, "family" | "refId" | "view">,
  hash: string,
  metadata: VectorMetadata,
): WantedVector {
  return {
    storeId: storeId as StoreId,
    ...ref,
    embeddingVersionId: version.id,
    textHash: hash,
    metadata,
    wantedHash: wantedHash(hash, metadata),
  }
}

const few = (labels: readonly string[]): string[] =>
  labels.slice(0, labelsMax).map((label) => cutText(label, labelCharsMax))
