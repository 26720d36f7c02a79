import type { Drafts } from "@engram/contracts/draft"
import { RetryLater } from "@engram/contracts/errors"
import type { DeliveryEnd, KnowledgeWrite } from "@engram/contracts/knowledge"
import type { KeyedHash, Suppression } from "@engram/contracts/privacy"
import { type Forgotten, forgottenOf } from "@engram/core/forget/forgotten"
import { withoutForgotten } from "@engram/core/forget/without-forgotten"
import type { Place } from "./place.ts"
import type { ReadDelivery } from "./read-delivery.ts"

/** The name of the key that a process hashes with. */
export const keyIdOf = (hash: KeyedHash): string => hash("", "key").slice(0, 16)

/**
 * The deliveries without what was forgotten. One question a batch, and nothing else where nothing was. The bytes of a delivery
 * that speaks of it go.
 */
export async function dropForgotten(
  write: Pick<KnowledgeWrite, "suppressions" | "forgetBodies">,
  place: Place,
  hash: KeyedHash,
  deliveries: readonly ReadDelivery[],
): Promise<readonly ReadDelivery[]> {
  const suppressions = await write.suppressions()
  if (suppressions.length === 0) return deliveries
  const forgotten = openForgotten(place.workspaceId, suppressions, hash)
  const after = deliveries.map((delivery) => {
    const drafts = withoutForgotten(delivery.drafts, delivery.source.name, forgotten)
    return drafts === delivery.drafts ? delivery : { ...delivery, drafts }
  })
  const touched = after.filter((delivery, at) => delivery !== deliveries[at]).map(({ id }) => id)
  if (touched.length > 0) await write.forgetBodies(touched)
  return after
}

/** How deliveries end, by what was `given` and what is left `after` what was forgotten: skipped where that was all they said. */
export function endsOf(given: readonly ReadDelivery[], after: readonly ReadDelivery[]): DeliveryEnd[] {
  const said = new Map(given.map(({ id, drafts }) => [id, drafts]))
  return after.map((delivery) => {
    const { id, drafts } = delivery
    const isForgotten = said.get(id) !== drafts && saysNothing(drafts)
    return isForgotten ? { id, state: "skipped", reason: "Forgotten." } : processed(delivery)
  })
}

export const processed = ({ id }: ReadDelivery): DeliveryEnd => ({ id, state: "processed" })

const saysNothing = ({ documents, moments, entities, scopes, fetches = [] }: Drafts): boolean =>
  [documents, moments, entities, scopes, fetches].every(({ length }) => length === 0)

/** Throws `RetryLater` when they were made with another key: nothing is let in that cannot be told. */
export function openForgotten(workspaceId: string, suppressions: readonly Suppression[], hash: KeyedHash): Forgotten {
  const mine = keyIdOf(hash)
  if (suppressions.some(({ keyId }) => keyId !== mine)) {
    const words = `${workspaceId} has forgotten things under another ENGRAM_SECRET_KEY than this process has; set that one again`
    throw new RetryLater(words, { afterMs: 60_000 })
  }
  return forgottenOf({ workspaceId, suppressions, hash })
}
