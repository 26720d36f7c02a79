import type { MomentDraft, StatementDraft } from "@engram/contracts/draft"
import type { AliasId, DocumentId, ScopeId } from "@engram/contracts/ids"
import type { ObservationRow } from "@engram/contracts/knowledge"
import { canonicalJson } from "@engram/core/canonical"
import { documentId, momentId, scopeId, statementId, textHash } from "@engram/core/ids"
import type { Place } from "./place.ts"

/** The moment as a row, live until its document is known to be gone. */
export function momentRow(place: Place, source: string, moment: MomentDraft): ObservationRow {
  const { workspaceId, storeId } = place
  const told = moment.retold ? retold : firsthand
  const row = observationRow({
    id: momentId(workspaceId, storeId, moment.thing, moment.kind, moment.at),
    storeId,
    source,
    class: "moment",
    kind: moment.kind,
    documentId:
      moment.documentSourceId === undefined ? null : documentId(workspaceId, storeId, source, moment.documentSourceId),
    partId: null,
    thingAliasId: place.alias(moment.thing),
    scopeId: scopeId(workspaceId, source, moment.scope),
    occurredAt: new Date(moment.at),
    title: moment.title ?? null,
    summary: moment.summary ?? null,
    text: moment.text,
    url: moment.url ?? null,
    importance: moment.importance,
    tags: moment.tags,
    subjectAliasIds: moment.subjects.map(place.alias),
  })
  return { ...row, contentHash: told + row.contentHash }
}

/** Of two tellings of one moment the greater hash stands, so these decide first: what the event said, then what was said afterwards. */
const retold = "0"
const firsthand = "1"

/** The statements of one document as it reads now. Equal statements of one part are told apart by their order. */
export function statementRows(
  place: Place,
  document: {
    readonly id: DocumentId
    readonly source: string
    readonly aliasId: AliasId
    readonly scopeId: ScopeId
    readonly url: string | null
  },
  statements: readonly StatementDraft[],
): ObservationRow[] {
  const seen = new Map<string, number>()
  return statements.map((statement) => {
    const hash = textHash(statement.text)
    const key = `${statement.partId} ${statement.kind} ${hash}`
    const ordinal = seen.get(key) ?? 0
    seen.set(key, ordinal + 1)
    return observationRow({
      id: statementId(document.id, statement.partId, statement.kind, hash, ordinal),
      storeId: place.storeId,
      source: document.source,
      class: "statement",
      kind: statement.kind,
      documentId: document.id,
      partId: statement.partId,
      thingAliasId: document.aliasId,
      scopeId: document.scopeId,
      occurredAt: new Date(statement.at),
      title: statement.title ?? null,
      summary: statement.summary ?? null,
      text: statement.text,
      url: document.url,
      importance: statement.importance,
      tags: statement.tags,
      subjectAliasIds: statement.subjects.map(place.alias),
    })
  })
}

const observationRow = (row: Omit<ObservationRow, "contentHash" | "live">): ObservationRow => ({
  ...row,
  contentHash: observationHash(row),
  live: true,
})

/** Of everything that a reader or the index sees of it. */
export function observationHash(row: Omit<ObservationRow, "contentHash" | "live">): string {
  const said = [
    row.title,
    row.summary,
    row.text,
    row.url,
    row.importance,
    row.tags,
    row.subjectAliasIds,
    row.occurredAt.getTime(),
  ]
  return textHash(canonicalJson(said))
}
