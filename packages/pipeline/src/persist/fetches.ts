import type { Settling, WantedFetch } from "@engram/contracts/fetches"
import type { KnowledgeWrite } from "@engram/contracts/knowledge"
import type { Place } from "./place.ts"
import type { ReadDelivery } from "./read-delivery.ts"

/** Records what the deliveries name and do not bring, each thing once, as of its newest event. Returns how many. */
export async function writeFetches(
  write: KnowledgeWrite,
  place: Place,
  deliveries: readonly ReadDelivery[],
  settling: Settling,
): Promise<number> {
  const wanted = new Map<string, WantedFetch>()
  for (const { connectionId, source, drafts } of deliveries) {
    for (const draft of drafts.fetches ?? []) {
      const key = `${connectionId} ${draft.kind} ${draft.id}`
      const known = wanted.get(key)
      const within = draft.within ?? known?.within
      wanted.set(key, {
        ...draft,
        connectionId,
        storeId: place.storeId,
        source: source.name,
        at: Math.max(draft.at, known?.at ?? draft.at),
        ...(within !== undefined && { within }),
      })
    }
  }
  if (wanted.size > 0) await write.wantFetches([...wanted.values()], settling)
  return wanted.size
}
