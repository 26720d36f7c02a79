import { hash } from "node:crypto"
import type { AliasRef } from "@engram/contracts/graph"
import type {
  AliasId,
  ChunkId,
  ConnectionId,
  DeliveryId,
  DocumentId,
  EmbeddingVersionId,
  EntityId,
  EvalQueryId,
  ObservationId,
  RelationshipId,
  ScopeId,
  StoreId,
} from "@engram/contracts/ids"
import type { EmbeddingModel } from "@engram/contracts/ports"
import { shortHash } from "./canonical.ts"

/**
 * An id made of what the thing is, so that writing it twice is writing it once. Each part is prefixed with its length:
 * ("a", "bc") and ("ab", "c") differ. 128 bits of SHA-256.
 */
export function deriveId<Prefix extends string>(
  prefix: Prefix,
  ...parts: readonly (string | number)[]
): `${Prefix}_${string}` {
  return `${prefix}_${shortHash(parts.map((part) => `${String(part).length}:${part}`).join(""))}`
}

/** SHA-256 in hex: the name of a text in chunks, observations and embedding values. */
export function textHash(text: string): string {
  return hash("sha256", text, "hex")
}

/** A store is named within its workspace. */
export function storeId(workspaceId: string, name: string): StoreId {
  return deriveId("sto", workspaceId, name)
}

/** A store has one door for each source. */
export function connectionId(workspaceId: string, source: string, storeId: string): ConnectionId {
  return deriveId("con", workspaceId, source, storeId)
}

/** What its sender sends again under the same key is the same delivery. */
export function deliveryId(connectionId: string, deliveryKey: string): DeliveryId {
  return deriveId("dlv", connectionId, deliveryKey)
}

/** One for the whole workspace, whichever stores its documents are in. */
export function scopeId(workspaceId: string, source: string, key: string): ScopeId {
  return deriveId("scp", workspaceId, source, key)
}

/** A thing is a document of its own in each store that hears of it. */
export function documentId(workspaceId: string, storeId: string, source: string, sourceId: string): DocumentId {
  return deriveId("doc", workspaceId, storeId, source, sourceId)
}

/** `ordinal` counts, from 0, the document's chunks of equal text: an unchanged chunk keeps its id wherever it moves. */
export function chunkId(documentId: string, textHash: string, ordinal: number): ChunkId {
  return deriveId("chk", documentId, textHash, ordinal)
}

/** A moment is the thing it happened to, what happened, and the source's time (ms). */
export function momentId(
  workspaceId: string,
  storeId: string,
  thing: AliasRef,
  kind: string,
  at: number,
): ObservationId {
  return deriveId("obs", "moment", workspaceId, storeId, thing.type, thing.value, kind, at)
}

/** `ordinal` counts, from 0, the part's statements of equal kind and text. */
export function statementId(
  documentId: string,
  partId: string,
  kind: string,
  textHash: string,
  ordinal: number,
): ObservationId {
  return deriveId("obs", "statement", documentId, partId, kind, textHash, ordinal)
}

/** `alias` is the entity's constant one. */
export function entityId(workspaceId: string, alias: AliasRef): EntityId {
  return deriveId("ent", workspaceId, alias.type, alias.value)
}

/** Of the name, whoever goes by it. */
export function aliasId(workspaceId: string, alias: AliasRef): AliasId {
  return deriveId("als", workspaceId, alias.type, alias.value)
}

/** Direction is part of the edge: (from, to) and (to, from) are two relationships. */
export function relationshipId(
  workspaceId: string,
  type: string,
  fromAliasId: string,
  toAliasId: string,
): RelationshipId {
  return deriveId("rel", workspaceId, type, fromAliasId, toAliasId)
}

/** A store that gets a model again has the same version again. */
export function embeddingVersionId(
  storeId: string,
  { provider, model, dimension }: EmbeddingModel,
): EmbeddingVersionId {
  return deriveId("emb", storeId, provider, model, dimension)
}

/** The same question for the same document is one query. */
export function evalQueryId(storeId: string, query: string, documentId: string): EvalQueryId {
  return deriveId("evq", storeId, query, documentId)
}
