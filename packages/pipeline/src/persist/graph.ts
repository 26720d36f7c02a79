import type { AliasRef, EntityDraft } from "@engram/contracts/graph"
import type { AliasId, EntityId, ScopeId } from "@engram/contracts/ids"
import type { EvidenceRow, KnowledgeWrite } from "@engram/contracts/knowledge"
import { entityId, scopeId } from "@engram/core/ids"
import { type EntityState, entityFromDraft, mergeEntities, sameEntity } from "@engram/core/state/entity"
import { mergeScopes, scopeFromDraft } from "@engram/core/state/scope"
import type { DocumentChange } from "./document-change.ts"
import { idOf } from "./documents.ts"
import { evidenceRows } from "./evidence.ts"
import type { Place } from "./place.ts"
import type { ReadDelivery } from "./read-delivery.ts"

type ScopeRow = Parameters<KnowledgeWrite["saveScopes"]>[0][number]
/** An entity whose merged fields are new; `before` is undefined for one that was not known. */
export interface EntityChange {
  readonly draft: EntityDraft
  readonly before: EntityState | undefined
  readonly state: EntityState
}
type AliasRow = Parameters<KnowledgeWrite["saveAliases"]>[0][number]

export async function writeScopes(
  write: KnowledgeWrite,
  place: Place,
  deliveries: readonly ReadDelivery[],
): Promise<void> {
  const rows = new Map<ScopeId, ScopeRow>()
  for (const { source, drafts } of deliveries) {
    for (const scope of drafts.scopes) {
      const id = scopeId(place.workspaceId, source.name, scope.key)
      const said = scopeFromDraft(scope)
      const known = rows.get(id)
      rows.set(id, { id, source: source.name, ...(known ? mergeScopes(known, said) : said) })
    }
  }
  await write.saveScopes([...rows.values()])
}

/**
 * Merges what is said of entities. Returns who goes by which alias, to be registered when all aliases of the batch are known, and
 * whose fields changed.
 */
export async function writeEntities(
  write: KnowledgeWrite,
  place: Place,
  deliveries: readonly ReadDelivery[],
): Promise<{ readonly claims: Map<AliasId, AliasRow>; readonly changed: readonly EntityChange[] }> {
  const drafts = deliveries.flatMap((delivery) => delivery.drafts.entities)
  const byId = Map.groupBy(drafts, (draft) => entityId(place.workspaceId, draft.alias))
  const stored = new Map((await write.lockEntities([...byId.keys()])).map((row) => [row.id, row.state as EntityState]))
  const changed = [...byId].flatMap(([id, drafts]) => {
    const before = stored.get(id)
    const state = drafts.map(entityFromDraft).reduce(mergeEntities, before ?? { fields: {} })
    return before && sameEntity(state, before) ? [] : [{ id, draft: drafts[0]!, before, state }]
  })
  await write.saveEntities(changed.map(({ id, draft, state }) => ({ id, kind: draft.kind, state })))
  return { claims: claimsOf(place, byId), changed }
}

function claimsOf(place: Place, entities: ReadonlyMap<EntityId, readonly EntityDraft[]>): Map<AliasId, AliasRow> {
  const claims = new Map<AliasId, AliasRow>()
  for (const [id, drafts] of entities) {
    for (const { alias, aliases, at } of drafts) {
      for (const ref of [alias, ...aliases]) {
        const row = { id: place.alias(ref), ...ref, entityId: id, at }
        const known = claims.get(row.id)
        if (!known || row.at > known.at || (row.at === known.at && id > known.entityId!)) claims.set(row.id, row)
      }
    }
  }
  return claims
}

/** Registers every alias the batch mentioned: claimed ones with their entity, the others as stubs. */
export async function writeAliases(
  write: KnowledgeWrite,
  place: Place,
  claims: ReadonlyMap<AliasId, AliasRow>,
): Promise<void> {
  const stub = ([id, ref]: readonly [AliasId, AliasRef]): AliasRow => ({ id, ...ref, entityId: null, at: 0 })
  await write.saveAliases([...place.mentioned()].map((mention) => claims.get(mention[0]) ?? stub(mention)))
}

/** The edges that the changed documents state and the moments prove. */
export async function writeEvidence(
  write: KnowledgeWrite,
  place: Place,
  changes: readonly DocumentChange[],
  moments: readonly EvidenceRow[],
): Promise<void> {
  const rows = changes.flatMap(({ stored, links, live }) => evidenceRows(place, stored.id, stored.aliasId, links, live))
  await write.saveEvidence({ documentIds: changes.map(idOf), rows, moments })
}
