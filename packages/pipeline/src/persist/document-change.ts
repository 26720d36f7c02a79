import type { DocumentDraft, Rendered } from "@engram/contracts/draft"
import type { DocumentId } from "@engram/contracts/ids"
import type { DocumentRow, StoredDocument } from "@engram/contracts/knowledge"
import type { Source } from "@engram/contracts/source"
import { canonicalJson } from "@engram/core/canonical"
import { scopeId, textHash } from "@engram/core/ids"
import { marksIn } from "@engram/core/redact/redactor"
import { isDocumentLive, liveParts, mergeDocument } from "@engram/core/state/document"
import { type PartState, partEdges, partsFromStored } from "@engram/core/state/part"
import type { DatedLink } from "./evidence.ts"
import type { Place } from "./place.ts"

/** What a batch says of one document. */
export interface Claim {
  readonly id: DocumentId
  readonly source: Source
  readonly drafts: DocumentDraft[]
  /** When the oldest of the deliveries was accepted, in ms. */
  readonly acceptedAt: number
}

/** A document after the batch. `changedParts` is empty when the batch said nothing new, and then nothing else is looked at. */
export interface DocumentChange {
  readonly stored: StoredDocument
  readonly changedParts: readonly PartState[]
  readonly live: boolean
  /** Set when readers see something new. */
  readonly rendered: { readonly row: DocumentRow; readonly content: Rendered } | undefined
  readonly links: readonly DatedLink[]
}

/** Pure: merges the claims into what is stored and renders the result. */
export function changeDocument(place: Place, stored: StoredDocument, claim: Claim): DocumentChange {
  const drafts = claim.drafts.flatMap((draft) => draft.parts)
  const { parts, changed } = mergeDocument(partsFromStored(stored.parts), drafts)
  if (changed.length === 0)
    return { stored, changedParts: [], live: isDocumentLive(parts), rendered: undefined, links: [] }
  return renderChange(place, stored, { parts, changed, ...claim })
}

/** What readers see of a document whose parts are these now. Pure. */
export function renderChange(
  place: Place,
  stored: StoredDocument,
  now: {
    readonly parts: readonly PartState[]
    readonly changed: readonly PartState[]
    readonly source: Source
    readonly acceptedAt: number
  },
): DocumentChange {
  const { parts, changed, source, acceptedAt } = now
  const live = isDocumentLive(parts)
  const nothing = { stored, changedParts: changed, live, rendered: undefined, links: [] }
  const links: DatedLink[] = parts.flatMap(partEdges)
  if (!live) return { ...nothing, links }

  const content = withRedactions(source.render({ sourceId: stored.sourceId, parts: liveParts(parts) }))
  links.push(...content.links.map((link) => ({ ...link, until: null })))
  const contentHash = textHash(canonicalJson(content))
  const seen = stored.live && stored.contentHash === contentHash
  const row: DocumentRow = {
    id: stored.id,
    storeId: stored.storeId,
    source: stored.source,
    sourceId: stored.sourceId,
    aliasId: stored.aliasId,
    kind: content.kind,
    title: content.title,
    state: content.state,
    url: content.url,
    scopeId: scopeId(place.workspaceId, stored.source, content.scope),
    authorAliasId: content.author ? place.alias(content.author) : null,
    occurredAt: new Date(content.occurredAt),
    importance: content.importance,
    labels: content.labels,
    metadata: content.metadata,
    contentHash,
    version: stored.version + 1,
    pendingSince: new Date(acceptedAt),
  }
  return { ...nothing, rendered: seen ? undefined : { row, content }, links }
}

/** Says in the document's metadata how many marks its text has. */
function withRedactions(content: Rendered): Rendered {
  const redactions = [content.title, ...content.sections.map(({ markdown }) => markdown)].reduce(
    (sum, text) => sum + marksIn(text),
    0,
  )
  return redactions === 0 ? content : { ...content, metadata: { ...content.metadata, redactions } }
}
