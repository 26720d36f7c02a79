import type { Settling } from "@engram/contracts/fetches"
import type { AliasRef } from "@engram/contracts/graph"
import type { DeliveryId, DocumentId, StoreId } from "@engram/contracts/ids"
import type { Knowledge } from "@engram/contracts/knowledge"
import type { Lane } from "@engram/contracts/ports"
import type { KeyedHash } from "@engram/contracts/privacy"
import type { ChunkLimits } from "@engram/core/chunk/chunk"
import { documentId } from "@engram/core/ids"
import { writeAccounts } from "./persist/accounts.ts"
import { writeChunks } from "./persist/chunks.ts"
import { writeDocuments } from "./persist/documents.ts"
import { writeFetches } from "./persist/fetches.ts"
import { dropForgotten, endsOf, processed } from "./persist/forgotten.ts"
import { type GoneScopes, idOf, knownGone, removals, speakingOfGone, stillThere } from "./persist/gone-scopes.ts"
import { writeAliases, writeEntities, writeEvidence, writeScopes } from "./persist/graph.ts"
import { writeMemory } from "./persist/memory.ts"
import { type Place, placeOf } from "./persist/place.ts"
import type { ReadDelivery } from "./persist/read-delivery.ts"

/** What a batch changed, for caches, metrics and whoever listens. */
export interface Persisted {
  readonly documents: readonly PersistedDocument[]
  /** Observations that are new or read differently. */
  readonly observations: readonly string[]
  /** Names whose edges may have changed. */
  readonly joined: readonly AliasRef[]
  /** How many things their senders are to be asked for. */
  readonly fetches: number
}

export interface PersistedDocument {
  readonly id: DocumentId
  readonly storeId: StoreId
  readonly source: string
  readonly sourceId: string
  readonly version: number
  readonly live: boolean
  readonly contentHash: string
}

interface PersistDeps {
  readonly knowledge: Knowledge
  readonly chunkLimits: ChunkLimits
  readonly settling: Settling
  readonly hash: KeyedHash
}

/** Documents of a scope that is gone that are removed in one transaction. */
const removedMax = 100

/**
 * Makes a batch of deliveries part of what is known, in one transaction: all of it and the deliveries' end, or nothing.
 * The same deliveries in other batches, in another order or once more end in the same rows. Where a source removed a whole
 * scope, its documents are removed after that, in each store of the workspace and some at a time; the deliveries that say so
 * end when none is left.
 */
export const persist =
  (deps: PersistDeps) =>
  async (lane: Lane, deliveries: readonly ReadDelivery[]): Promise<Persisted> => {
    const { waiting, gone, ...persisted } = await write(deps, lane, deliveries)
    if (gone.size === 0) return persisted
    const removed: PersistedDocument[] = []
    let unmoved: ReadonlySet<DocumentId> = new Set()
    for (;;) {
      const left = await deps.knowledge.write(lane.workspaceId, (tx) => tx.documentsIn([...gone.keys()], removedMax))
      const storeId = left[0]?.storeId
      if (storeId === undefined) break
      // A transaction writes to one store.
      const here = left.filter((document) => document.storeId === storeId)
      const ids = here.map((document) => idOf(lane.workspaceId, document))
      // What does not go is found again, for ever; the delivery's tries are counted.
      if (ids.every((id) => unmoved.has(id)))
        throw new Error("nothing was removed of a scope that is gone, though it holds documents")
      const after = await write(deps, { ...lane, storeId }, removals(here, gone, deliveries), { open: true })
      // They may have gone by another batch meanwhile.
      unmoved = new Set(after.documents.length === 0 ? ids : [])
      removed.push(...after.documents)
    }
    await deps.knowledge.write(lane.workspaceId, (tx) => tx.closeDeliveries(waiting.map(processed)))
    return { ...persisted, documents: [...persisted.documents, ...removed] }
  }

interface Written extends Persisted {
  /** Deliveries that are not closed yet, because of scopes that are gone. */
  readonly waiting: readonly ReadDelivery[]
  readonly gone: GoneScopes
}

/** One batch, in one transaction. `open` is for removals of what is there, and leaves their deliveries as they are. */
const write = (
  deps: PersistDeps,
  lane: Lane,
  given: readonly ReadDelivery[],
  { open = false }: { readonly open?: boolean } = {},
): Promise<Written> =>
  deps.knowledge.write(lane.workspaceId, async (write) => {
    const place = placeOf(lane)
    const versions = await write.lockVersions(place.storeId)
    const deliveries = open
      ? await stillThere(write, place, given)
      : await dropForgotten(write, place, deps.hash, given)
    const changes = await writeDocuments(write, place, deliveries)
    await writeChunks(write, place, versions, changes, deps.chunkLimits)
    const memory = await writeMemory(write, place, versions, deliveries, changes)
    await writeEvidence(write, place, changes, memory.evidence)

    const visible = changes.filter((change) => change.rendered || change.live !== change.stored.live)
    await write.showComplete(visible.map((change) => change.stored.id))
    await write.linkDeliveries(links(place, deliveries))
    const fetches = await writeFetches(write, place, deliveries, deps.settling)
    const waiting = open ? deliveries : await speakingOfGone(write, place, deliveries)
    const waits = new Set(waiting.map(({ id }) => id))
    await write.closeDeliveries(endsOf(given, deliveries).filter(({ id }) => !waits.has(id)))

    // Last, because all batches of a workspace meet here: whoever has these rows keeps the others waiting until it commits.
    await writeScopes(write, place, deliveries)
    const entities = await writeEntities(write, place, deliveries)
    await writeAliases(write, place, entities.claims)
    await writeAccounts(write, place, entities.changed)
    // Asked behind the scopes' rows: a batch that ends one of them has committed, or waits and will find these documents.
    const gone = open ? new Map() : await knownGone(write, place, deliveries)
    if (!open && gone.size === 0) await write.closeDeliveries(waiting.map(processed))
    return {
      documents: visible.map(({ stored, live, rendered }) => ({
        id: stored.id,
        storeId: stored.storeId,
        source: stored.source,
        sourceId: stored.sourceId,
        version: stored.version + 1,
        live,
        contentHash: rendered?.row.contentHash ?? "",
      })),
      observations: memory.observations,
      joined: place.joined(),
      fetches,
      waiting,
      gone,
    }
  })

const links = (
  place: Place,
  deliveries: readonly ReadDelivery[],
): { documentId: DocumentId; deliveryId: DeliveryId }[] =>
  deliveries.flatMap(({ id, source, drafts }) =>
    drafts.documents.map((draft) => ({
      documentId: documentId(place.workspaceId, place.storeId, source.name, draft.sourceId),
      deliveryId: id,
    })),
  )
