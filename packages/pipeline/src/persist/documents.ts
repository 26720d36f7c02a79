import type { DocumentId } from "@engram/contracts/ids"
import type { KnowledgeWrite } from "@engram/contracts/knowledge"
import { documentId } from "@engram/core/ids"
import { type Claim, changeDocument, type DocumentChange } from "./document-change.ts"
import type { Place } from "./place.ts"
import type { ReadDelivery } from "./read-delivery.ts"

/** Locks the documents that the deliveries speak of, merges what they say, and saves those that it changed. */
export async function writeDocuments(
  write: KnowledgeWrite,
  place: Place,
  deliveries: readonly ReadDelivery[],
): Promise<DocumentChange[]> {
  const claims = claimsOf(place, deliveries)
  const stored = await write.lockDocuments(
    [...claims.values()].map(({ id, source, drafts }) => {
      const { sourceId, alias } = drafts[0]!
      return { id, storeId: place.storeId, source: source.name, sourceId, aliasId: place.alias(alias) }
    }),
    toldOf(place, deliveries),
  )
  const all = stored.map((document) => changeDocument(place, document, claims.get(document.id)!))
  const changes = all.filter((change) => change.changedParts.length > 0)
  await write.addDocuments(
    all.filter(({ stored, rendered }) => stored.version === 0 && !rendered).map(({ stored }) => stored),
  )
  await write.saveDocuments(changes.flatMap(({ rendered }) => rendered?.row ?? []))
  await write.saveParts(
    changes.flatMap(({ stored, changedParts }) =>
      changedParts.map((state) => ({ documentId: stored.id, partId: state.partId, state })),
    ),
  )
  await write.hideDocuments(
    changes.filter(isGone).map(({ stored }) => ({ id: stored.id, version: stored.version + 1 })),
  )
  return changes
}

/** What something happened to, whether or not anything else is said of it. */
const toldOf = (place: Place, deliveries: readonly ReadDelivery[]): DocumentId[] =>
  deliveries.flatMap(({ source, drafts }) =>
    drafts.moments.flatMap(({ documentSourceId }) =>
      documentSourceId === undefined ? [] : documentId(place.workspaceId, place.storeId, source.name, documentSourceId),
    ),
  )

/** It was there, and is no longer. */
export const isGone = (change: DocumentChange): boolean => change.stored.live && !change.live

/** It is not there, and was, or nobody knew: moments may have been told of it before. */
export const isAway = (change: DocumentChange): boolean =>
  !change.live && (change.stored.live || change.stored.version === 0)

/** It was not there, or no longer, and is now. */
export const isBack = (change: DocumentChange): boolean => !change.stored.live && change.live

export const idOf = (change: DocumentChange): DocumentId => change.stored.id

function claimsOf(place: Place, deliveries: readonly ReadDelivery[]): Map<DocumentId, Claim> {
  const claims = new Map<DocumentId, Claim>()
  for (const { source, drafts, receivedAt } of deliveries) {
    for (const draft of drafts.documents) {
      const id = documentId(place.workspaceId, place.storeId, source.name, draft.sourceId)
      const known = claims.get(id)
      if (known) known.drafts.push(draft)
      claims.set(id, {
        id,
        source,
        drafts: known?.drafts ?? [draft],
        acceptedAt: Math.min(known?.acceptedAt ?? receivedAt, receivedAt),
      })
    }
  }
  return claims
}
