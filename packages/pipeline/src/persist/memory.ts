import type { EmbeddingVersion, EvidenceRow, KnowledgeWrite, ObservationRow } from "@engram/contracts/knowledge"
import type { DocumentChange } from "./document-change.ts"
import { idOf, isAway, isBack, isGone } from "./documents.ts"
import { type DatedLink, evidenceRows } from "./evidence.ts"
import { momentRow, statementRows } from "./observations.ts"
import type { Place } from "./place.ts"
import type { ReadDelivery } from "./read-delivery.ts"
import { observationVectors } from "./wanted-vectors.ts"

/** Saves what the deliveries and the documents' current texts give to remember. */
export async function writeMemory(
  write: KnowledgeWrite,
  place: Place,
  versions: readonly EmbeddingVersion[],
  deliveries: readonly ReadDelivery[],
  changes: readonly DocumentChange[],
): Promise<{
  /** Those that are new or different. */
  readonly observations: readonly string[]
  /** What the moments prove. */
  readonly evidence: readonly EvidenceRow[]
}> {
  const statements = await writeStatements(write, place, changes)
  const shownAgain = await showMoments(write, changes)
  const moments = await hideOfGone(write, momentsOf(place, deliveries))
  const rows = unique([...statements, ...shownAgain, ...moments.map(({ row }) => row)])

  const written = new Set<string>(await write.saveObservations(rows))
  const shown = new Set<string>(shownAgain.map((row) => row.id))
  const visible = rows.filter((row) => row.live && (written.has(row.id) || shown.has(row.id)))
  const wanted = visible.flatMap((row) => observationVectors(versions, row))
  await write.wantVectors(wanted)
  await write.keepViews(wanted)
  return { observations: visible.map((row) => row.id), evidence: momentEvidence(place, moments) }
}

/** Grouped, because two deliveries of one batch may carry the same moment. */
const momentEvidence = (place: Place, moments: readonly Moment[]): EvidenceRow[] =>
  [...Map.groupBy(moments, ({ row }) => row.id).values()].flatMap((same) => {
    const { id, thingAliasId, live } = same[0]!.row
    const links = same.flatMap((moment) => moment.links)
    return evidenceRows(place, id, thingAliasId, links, live)
  })

async function writeStatements(
  write: KnowledgeWrite,
  place: Place,
  changes: readonly DocumentChange[],
): Promise<ObservationRow[]> {
  const rows = changes.flatMap(({ stored, rendered }) =>
    rendered ? statementRows(place, { ...stored, ...rendered.row }, rendered.content.statements) : [],
  )
  const reread = changes.filter((change) => change.rendered || isGone(change))
  await write.keepStatements(
    reread.map(idOf),
    rows.map((row) => row.id),
  )
  return rows
}

/** A removed document takes its moments out of sight; one that is back brings them along. */
async function showMoments(write: KnowledgeWrite, changes: readonly DocumentChange[]): Promise<ObservationRow[]> {
  await write.setMomentsLive(changes.filter(isAway).map(idOf), false)
  return write.setMomentsLive(changes.filter(isBack).map(idOf), true)
}

interface Moment {
  readonly row: ObservationRow
  readonly links: readonly DatedLink[]
}

const momentsOf = (place: Place, deliveries: readonly ReadDelivery[]): Moment[] =>
  deliveries.flatMap(({ source, drafts }) =>
    drafts.moments.map((moment) => ({
      row: momentRow(place, source.name, moment),
      links: moment.links.map((link) => ({ ...link, since: moment.at, until: null })),
    })),
  )

/** A stale delivery still writes its moment, but one of a document that is gone stays out of sight. */
async function hideOfGone(write: KnowledgeWrite, moments: readonly Moment[]): Promise<Moment[]> {
  const gone = new Set(await write.goneDocuments(moments.flatMap(({ row }) => row.documentId ?? [])))
  return moments.map(({ row, links }) => ({
    row: { ...row, live: row.documentId === null || !gone.has(row.documentId) },
    links,
  }))
}

/** Of rows with one id the greatest content hash, as in the table. */
function unique(rows: readonly ObservationRow[]): ObservationRow[] {
  const greatest = new Map<string, ObservationRow>()
  for (const row of rows) {
    const known = greatest.get(row.id)
    if (!known || row.contentHash > known.contentHash) greatest.set(row.id, row)
  }
  return [...greatest.values()]
}
