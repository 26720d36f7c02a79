import type { Normalized, PartDraft } from "@engram/contracts/draft"
import { SourceEventEnvelope } from "@engram/contracts/envelope"
import { Rejected } from "@engram/contracts/errors"
import type { AliasRef, EntityDraft } from "@engram/contracts/graph"
import type { ReceivedRequest, StoredRequest } from "@engram/contracts/source"
import { read } from "../text/read.ts"
import { decodeUtf8, parseJson } from "../text/well-formed.ts"

/** The scope of envelopes that name none: the whole workspace may read them. */
export const defaultScope = "default"

export const documentAlias = (sourceId: string): AliasRef => ({ type: "events:document", value: sourceId })
export const authorAlias = (source: string, id: string): AliasRef => ({ type: `events:${source}:author`, value: id })

/** The envelope's own key, or undefined when the body has none that can be read. */
export function idempotencyKeyOf({ body }: ReceivedRequest): string | undefined {
  try {
    const payload = parseJson(decodeUtf8(body))
    const key = typeof payload === "object" && payload !== null ? Reflect.get(payload, "idempotencyKey") : undefined
    return typeof key === "string" && key !== "" ? key : undefined
  } catch (error) {
    if (error instanceof Rejected) return undefined
    throw error
  }
}

/** One envelope is the whole current state of one thing, so its one part lists every field. Pure. */
export function normalize({ body }: StoredRequest): Normalized {
  const envelope = read(SourceEventEnvelope, parseJson(decodeUtf8(body)))
  const { source, scope, author } = envelope
  const at = Date.parse(envelope.occurredAt)
  const sourceId = `${source}:${envelope.sourceId}`
  const entities: EntityDraft[] = author
    ? [
        {
          kind: "account",
          alias: authorAlias(source, author.id),
          aliases: [],
          fields: author.name === undefined ? {} : { name: author.name },
          at,
        },
      ]
    : []
  const key = scope ? scope.id : defaultScope
  const scopes = scope ? [{ key, kind: "events", name: scope.name ?? scope.id, privacy: scope.privacy, at }] : []
  return {
    outcome: "drafts",
    drafts: {
      documents: [{ sourceId, alias: documentAlias(sourceId), parts: [bodyPart(envelope, key, at)] }],
      moments: [],
      entities,
      scopes: scope ? scopes : [{ key, kind: "events", name: "Everybody", privacy: "org", at: 0 }],
    },
  }
}

function bodyPart(envelope: SourceEventEnvelope, scope: string, at: number): PartDraft {
  const { source, kind, title, body, url, author, labels, metadata } = envelope
  const removed = envelope.action === "remove"
  return {
    partId: "body",
    kind: "body",
    at,
    rank: removed ? 9 : 1,
    alive: !removed,
    fields: {
      source,
      kind,
      title,
      text: body,
      url: url ?? null,
      authorId: author?.id ?? null,
      author: author?.name ?? null,
      labels,
      scope,
      metadata,
    },
    links: {
      author: author ? [{ type: "AUTHORED_BY", to: authorAlias(source, author.id), confidence: 1 }] : [],
    },
  }
}
