import type { Link } from "@engram/contracts/graph"
import type { AliasId, DocumentId, ObservationId } from "@engram/contracts/ids"
import type { EvidenceRow } from "@engram/contracts/knowledge"
import { relationshipId } from "@engram/core/ids"
import type { Place } from "./place.ts"

export interface DatedLink extends Link {
  readonly since: number
  readonly until: number | null
}

/** What one document or observation says about edges: one row an edge, however often it says so. */
export function evidenceRows(
  place: Place,
  evidenceId: DocumentId | ObservationId,
  from: AliasId,
  links: readonly DatedLink[],
  live: boolean,
): EvidenceRow[] {
  const rows = new Map<string, EvidenceRow>()
  for (const link of links) {
    const fromAliasId = link.from ? place.alias(link.from) : from
    const toAliasId = place.alias(link.to)
    if (fromAliasId === toAliasId) continue
    const id = relationshipId(place.workspaceId, link.type, fromAliasId, toAliasId)
    const row: EvidenceRow = {
      relationshipId: id,
      evidenceId,
      type: link.type,
      fromAliasId,
      toAliasId,
      confidence: link.confidence,
      since: new Date(link.since),
      until: link.until === null ? null : new Date(link.until),
      live,
    }
    const known = rows.get(id)
    rows.set(id, known ? both(known, row) : row)
  }
  return [...rows.values()]
}

/** The earlier beginning, the later end, the greater confidence. */
function both(a: EvidenceRow, b: EvidenceRow): EvidenceRow {
  return {
    ...a,
    confidence: Math.max(a.confidence, b.confidence),
    since: a.since < b.since ? a.since : b.since,
    until: a.until === null || b.until === null ? null : a.until > b.until ? a.until : b.until,
  }
}
