import type { Normalized } from "@engram/contracts/draft"

/** One event, opened. */
export interface SlackEvent {
  /** The workspace it was sent for. */
  readonly team: string
  /** The whole payload, so that what cannot be read is named by its path in it. */
  readonly payload: unknown
  /** ms; for events that carry no time of their own. */
  readonly sentAt: number
}

/** What Engram does with an event of one type, or a message of one subtype. */
export type EventRule = { readonly reads: (event: SlackEvent) => Normalized } | { readonly skips: string }

export const skipped = (reason: string): Normalized => ({ outcome: "skipped", reason })
