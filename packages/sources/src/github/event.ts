import type { Normalized } from "@engram/contracts/draft"

/** One delivery, opened: what happened, and the payload that says so. */
export interface GithubEvent {
  readonly name: string
  readonly action: string
  readonly payload: unknown
  /** ms; for payloads that carry no time of their own. */
  readonly receivedAt: number
}

/** What Engram does with an event of one name. */
export type EventRule =
  | { readonly reads: (event: GithubEvent) => Normalized; readonly actions: readonly string[] | "any" }
  | { readonly skips: string }

export const skipped = (reason: string): Normalized => ({ outcome: "skipped", reason })
