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
  const byEdge = Map.groupBy(links, (link) => {
    const fromAliasId = link.from ? place.alias(link.from) : from
    return relationshipId(place.workspaceId, link.type, fromAliasId, place.alias(link.to))
  })
  return [...byEdge].flatMap(([relationshipId, same]) => {
    const link = same[0]!
    const fromAliasId = link.from ? place.alias(link.from) : from
    const toAliasId = place.alias(link.to)
    if (fromAliasId === toAliasId) return []
    place.join(fromAliasId, toAliasId)
    const edge = { relationshipId, evidenceId, type: link.type, fromAliasId, toAliasId, live }
    return [{ ...edge, ...strength(place, same) }]
  })
}

/** Where anything is said without a condition, what is said under one adds nothing. */
function strength(place: Place, same: readonly DatedLink[]): Strength {
  const certain = same.filter((link) => link.requires === undefined)
  const counted = certain.length > 0 ? certain : same
  const conditions = counted.flatMap(({ requires }) => (requires ? [place.alias(requires)] : []))
  return {
    confidence: Math.max(...counted.map((each) => each.confidence)),
    ...span(counted),
    requiresAliasId: conditions.sort()[0] ?? null,
  }
}

type Strength = Pick<EvidenceRow, "confidence" | "since" | "until" | "requiresAliasId">

/** From the earliest beginning to the latest end, if all have ended. */
function span(links: readonly DatedLink[]): { since: Date; until: Date | null } {
  const ends = links.flatMap((link) => link.until ?? [])
  return {
    since: new Date(Math.min(...links.map((link) => link.since))),
    until: ends.length < links.length ? null : new Date(Math.max(...ends)),
  }
}
