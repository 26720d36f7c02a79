import type { AliasRef } from "@engram/contracts/graph"
import type { AliasId, StoreId } from "@engram/contracts/ids"
import { aliasId } from "@engram/core/ids"

/** Where a batch is written, and the aliases that its rows mention. */
export interface Place {
  readonly workspaceId: string
  readonly storeId: StoreId
  /** The alias's id. Every alias asked for is registered, as a stub if nobody claims it. */
  alias(ref: AliasRef): AliasId
  mentioned(): ReadonlyMap<AliasId, AliasRef>
  /** Notes that the batch says something of an edge between these. */
  join(from: AliasId, to: AliasId): void
  /** The ends of all such edges. */
  joined(): AliasRef[]
}

export function placeOf(lane: { readonly workspaceId: string; readonly storeId: string }): Place {
  const ids = new Map<string, AliasId>()
  const refs = new Map<AliasId, AliasRef>()
  const ends = new Set<AliasId>()
  return {
    workspaceId: lane.workspaceId,
    storeId: lane.storeId as StoreId,
    alias: (ref) => {
      const key = `${ref.type} ${ref.value}`
      const known = ids.get(key)
      if (known !== undefined) return known
      const id = aliasId(lane.workspaceId, ref)
      ids.set(key, id)
      refs.set(id, ref)
      return id
    },
    mentioned: () => refs,
    join: (from, to) => void ends.add(from).add(to),
    joined: () => [...ends].flatMap((id) => refs.get(id) ?? []),
  }
}
