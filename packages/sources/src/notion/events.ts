import type { DocumentDraft, FetchDraft, Normalized } from "@engram/contracts/draft"
import type { EntityDraft } from "@engram/contracts/graph"
import { commentPartId, type DocumentKind, documentId, documentKinds, thingAlias, userAlias } from "./names.ts"
import type { Event } from "./schemas.ts"

/** Rows of one event that are asked for; Notion names those that changed within a minute. */
const rowsMax = 200

/** Something happened to a page, database or data source: what it is now has to be asked for. */
export function wantThing(event: Event): Normalized {
  const kind = kindOf(event)
  return kind === undefined
    ? linkedView
    : drafts(event, { fetches: [{ kind, id: event.entity.id, at: event.timestamp }] })
}

/** Rows changed. They have events of their own, but an integration need not be subscribed to them. */
export function wantRows(event: Event): Normalized {
  const kind = kindOf(event)
  if (kind === undefined) return linkedView
  const rows = (event.data?.updated_blocks ?? []).filter(({ type }) => type === "page").slice(0, rowsMax)
  const at = event.timestamp
  return drafts(event, {
    fetches: [...rows.map(({ id }) => ({ kind: "page", id, at })), { kind, id: event.entity.id, at }],
  })
}

/** It is in the trash, from where it may come back; asking once more makes sure that it still is. */
export function readDeleted(event: Event): Normalized {
  const kind = kindOf(event)
  if (kind === undefined) return linkedView
  const { id } = event.entity
  return drafts(event, {
    documents: [removed(kind, id, "body", "body", event.timestamp)],
    fetches: [{ kind, id, at: event.timestamp }],
  })
}

/** The comment, and its page if that was never asked for: a comment alone has neither title nor place. */
export function wantComment(event: Event): Normalized {
  const page = event.data?.page_id
  if (!page) return { outcome: "skipped", reason: "The comment's event does not name its page." }
  return drafts(event, {
    fetches: [
      { kind: "comment", id: event.entity.id, within: page, at: event.timestamp },
      { kind: "page", id: page, at: 0 },
    ],
  })
}

/**
 * A deleted comment never comes back, so its removal speaks for the hour after it: what was read of it before, and stamped by a
 * clock of ours that runs ahead, does not outlive it.
 */
export function readCommentDeleted(event: Event): Normalized {
  const page = event.data?.page_id
  if (!page) return { outcome: "skipped", reason: "The comment's event does not name its page." }
  const part = commentPartId(event.entity.id)
  return drafts(event, { documents: [removed("page", page, part, "comment", event.timestamp + 3_600_000)] })
}

function removed(kind: DocumentKind, id: string, partId: string, partKind: string, at: number): DocumentDraft {
  const part = { partId, kind: partKind, at, rank: 9, alive: false, fields: {}, links: {} }
  return { sourceId: documentId(kind, id), alias: thingAlias(kind, id), parts: [part] }
}

const linkedView: Normalized = {
  outcome: "skipped",
  reason: "A linked view shows another database, which has events of its own.",
}

/** Undefined for the block of a linked database, which is no thing of its own. */
function kindOf({ type, entity }: Event): DocumentKind | undefined {
  const named = entity.type ?? type.split(".")[0]
  return documentKinds.find((kind) => kind === named)
}

function drafts(
  event: Event,
  { documents = [], fetches = [] }: { documents?: readonly DocumentDraft[]; fetches?: readonly FetchDraft[] },
): Normalized {
  return { outcome: "drafts", drafts: { documents, moments: [], entities: authorsOf(event), scopes: [], fetches } }
}

const authorsOf = ({ authors, timestamp }: Event): EntityDraft[] =>
  (authors ?? []).map(({ id, type }) => ({
    kind: "account",
    alias: userAlias(id),
    aliases: [],
    fields: type ? { bot: type !== "person" } : {},
    at: timestamp,
  }))
