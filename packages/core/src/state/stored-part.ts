import { sameSeen, seenIn } from "./links.ts"
import type { PartState } from "./part.ts"

/** A part as it is stored: what its newest lists show to have been seen is left out of `seen`, which is nearly always all of it. */
export type StoredPart = PartState

export function storedPart(part: PartState): StoredPart {
  const fields = Object.keys(part.seen).filter((field) => !isShown(part, field))
  return { ...part, seen: Object.fromEntries(fields.map((field) => [field, part.seen[field]!])) }
}

/** Also of one that was stored with all that was seen. */
export function partFromStored(stored: StoredPart): PartState {
  const seen = Object.entries(stored.links).map(([field, list]) => [field, stored.seen[field] ?? seenIn(list)] as const)
  return { ...stored, seen: Object.fromEntries(seen) }
}

function isShown({ seen, links }: PartState, field: string): boolean {
  const list = links[field]!
  const all = Object.values(seen[field]!)
  if (all.length !== list.value.length || all.some(({ at }) => at !== list.clock.at)) return false
  // One claim's links are the very same.
  return all.every(({ link }, n) => link === list.value[n]) || sameSeen(seen[field]!, seenIn(list))
}
