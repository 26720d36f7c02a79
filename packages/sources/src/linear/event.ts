import type { Normalized } from "@engram/contracts/draft"
import type { Actor, Node } from "./schemas.ts"

/** One delivery, opened: what happened to which thing, and the payload that says so. */
export interface LinearEvent {
  readonly type: string
  readonly action: Action
  /** ms; when the action took place. A retry repeats it. */
  readonly createdAt: number
  readonly organizationId: string
  readonly url?: string | null | undefined
  readonly actor?: Actor | null | undefined
  readonly updatedFrom: { readonly [field: string]: unknown }
  /** As Linear sent it, with null for a field that changed and is not carried any more. */
  readonly data: { readonly [field: string]: unknown }
}

/** `import` is no action of Linear's: a thing as its API shows it, in the shape its webhooks have. */
export const actions = ["create", "update", "remove", "restore", "import"] as const
export type Action = (typeof actions)[number]

/** What Engram does with an event of one name. */
export type EventRule = { readonly reads: (event: LinearEvent) => Normalized } | { readonly skips: string }

export const skipped = (reason: string): Normalized => ({ outcome: "skipped", reason })

/** When something was said, how much that counts among claims of the same time, and whether it proves or ends the thing. */
export interface Claim {
  readonly at: number
  readonly rank: number
  readonly alive?: boolean
}

/** At equal times the event that made a thing so says more than the API, which only says how it stands. */
const ranks: { readonly [action in Action]: number } = { import: 0, create: 1, update: 2, restore: 3, remove: 9 }
/** Of two imports for the same time, which differ in who may see the thing, the one that hides it stands. */
const hidingRank = 0.5

/**
 * The clock of a delivery. `updatedAt` does not move with removals, archiving and sorting, the action's own time does; they
 * are equal otherwise. Something in the trash is gone, whatever else is said of it. What Linear archives by itself because it
 * was finished long ago is not: that claim says nothing about existence.
 */
export function claimOf({ action, createdAt }: LinearEvent, data: Node): Claim {
  const rank = action === "import" && data.hiddenIn ? hidingRank : ranks[action]
  const claim = { at: Math.max(createdAt, data.updatedAt ?? createdAt), rank }
  if (action === "restore") return { ...claim, alive: true }
  if (data.trashed) return { ...claim, alive: false }
  if (action === "remove") return data.autoArchivedAt ? claim : { ...claim, alive: false }
  return { ...claim, alive: true }
}

/** Told afterwards, by how the thing stands now. */
export const isRetold = ({ action }: LinearEvent): boolean => action === "import"

/** Whether an update changed the field. Payloads of 2021 list unchanged fields too, so the values are compared. */
export function changed({ action, updatedFrom, data }: LinearEvent, field: string): boolean {
  if (action !== "update" || !Object.hasOwn(updatedFrom, field)) return false
  return JSON.stringify(updatedFrom[field] ?? null) !== JSON.stringify(data[field] ?? null)
}

/**
 * Who did it, as the end of a sentence: ` by Ada`. Empty for what Linear did by itself. The API does not say who did what,
 * but `creator` made it.
 */
export function byActor(event: LinearEvent, creator?: { readonly name?: string | null | undefined } | null): string {
  const name = event.actor?.name ?? event.actor?.service ?? (isRetold(event) ? creator?.name : undefined)
  return name ? ` by ${name}` : ""
}
