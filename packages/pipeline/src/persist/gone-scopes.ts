import type { DocumentDraft } from "@engram/contracts/draft"
import type { DocumentId, ScopeId } from "@engram/contracts/ids"
import type { KnowledgeWrite, ScopedDocument } from "@engram/contracts/knowledge"
import { aliasId, documentId, scopeId } from "@engram/core/ids"
import type { Place } from "./place.ts"
import type { ReadDelivery } from "./read-delivery.ts"

/** When each scope that is gone went, in ms. */
export type GoneScopes = ReadonlyMap<ScopeId, number>

/** Deliveries that say that a scope is gone, or that come too late for one: what they leave behind has to be removed. */
export async function speakingOfGone(
  write: Pick<KnowledgeWrite, "goneScopes">,
  place: Place,
  deliveries: readonly ReadDelivery[],
): Promise<ReadDelivery[]> {
  const known = await knownGone(write, place, deliveries)
  return deliveries.filter((delivery) =>
    delivery.drafts.scopes.some(
      ({ key, alive }) => alive === false || known.has(scopeId(place.workspaceId, delivery.source.name, key)),
    ),
  )
}

export async function knownGone(
  write: Pick<KnowledgeWrite, "goneScopes">,
  place: Place,
  deliveries: readonly ReadDelivery[],
): Promise<GoneScopes> {
  const ids = deliveries.flatMap(({ source, drafts }) =>
    drafts.scopes.map(({ key }) => scopeId(place.workspaceId, source.name, key)),
  )
  return new Map((await write.goneScopes([...new Set(ids)])).map(({ id, at }) => [id, at]))
}

export const idOf = (workspaceId: string, { storeId, source, sourceId }: ScopedDocument): DocumentId =>
  documentId(workspaceId, storeId, source, sourceId)

/** The removal of documents, as one of the deliveries of their source says it. */
export function removals(
  left: readonly ScopedDocument[],
  gone: GoneScopes,
  deliveries: readonly ReadDelivery[],
): ReadDelivery[] {
  return [...new Map(deliveries.map((delivery) => [delivery.source.name, delivery])).values()].map((delivery) => {
    const documents = left.filter(({ source }) => source === delivery.source.name)
    const drafts = { documents: documents.map((each) => removal(each, gone)), moments: [], entities: [], scopes: [] }
    return { ...delivery, drafts }
  })
}

/**
 * The removals of what is still live, locked so that it stays. Also of what is being forgotten: that brings nothing back. One that
 * was forgotten meanwhile is left out, since its removal would be a trace of it.
 */
export async function stillThere(
  write: Pick<KnowledgeWrite, "lockDocuments">,
  { workspaceId, storeId }: Place,
  deliveries: readonly ReadDelivery[],
): Promise<ReadDelivery[]> {
  const keys = deliveries.flatMap(({ source, drafts }) =>
    drafts.documents.map(({ sourceId, alias }) => ({
      id: documentId(workspaceId, storeId, source.name, sourceId),
      storeId,
      source: source.name,
      sourceId,
      aliasId: aliasId(workspaceId, alias),
    })),
  )
  const stored = await write.lockDocuments(keys)
  const live = new Set(stored.filter((document) => document.live).map(({ id }) => id))
  return deliveries.map((delivery) => {
    const documents = delivery.drafts.documents.filter(({ sourceId }) =>
      live.has(documentId(workspaceId, storeId, delivery.source.name, sourceId)),
    )
    return { ...delivery, drafts: { ...delivery.drafts, documents } }
  })
}

/** Of every part, and not before its own last word. */
const removal = ({ sourceId, scopeId, alias, parts }: ScopedDocument, gone: GoneScopes): DocumentDraft => ({
  sourceId,
  alias,
  parts: parts.map(({ partId, kind, at }) => ({
    partId,
    kind,
    at: Math.max(at, gone.get(scopeId) ?? 0),
    rank: 0,
    alive: false,
    fields: {},
    links: {},
  })),
})
