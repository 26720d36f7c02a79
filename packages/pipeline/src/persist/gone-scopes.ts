import type { DocumentDraft } from "@engram/contracts/draft"
import type { ScopeId } from "@engram/contracts/ids"
import type { KnowledgeWrite, ScopedDocument } from "@engram/contracts/knowledge"
import { scopeId } from "@engram/core/ids"
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
