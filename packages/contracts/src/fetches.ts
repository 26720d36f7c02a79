import type { NewDelivery } from "./deliveries.ts"
import type { FetchDraft } from "./draft.ts"
import type { ConnectionId, StoreId } from "./ids.ts"
import type { JsonObject } from "./json.ts"
import type { Lane } from "./ports.ts"

/** What has to be asked of a sender whose events carry ids only. */
export interface WantedFetch extends FetchDraft {
  readonly connectionId: ConnectionId
  readonly storeId: StoreId
  readonly source: string
}

/** A fetch waits `settleMs` after the newest event about its thing, but no longer than `settleMaxMs` since the first. */
export interface Settling {
  readonly settleMs: number
  readonly settleMaxMs: number
}

/** A fetch that a turn has taken. */
export interface OwedFetch extends WantedFetch {
  /** The time in ms that its answer speaks for: not before any event about the thing, and later than every answer before it. */
  readonly asOf: number
  /** How often it has been taken without an answer, this time included. */
  readonly attempts: number
  /** How often in a row the answer was "later". */
  readonly failures: number
}

/** What a sender's API says of one thing. `missing`: it is gone, or not ours to see; `reason` is for a person. */
export type FetchAnswer =
  | { readonly outcome: "found"; readonly content: JsonObject }
  | { readonly outcome: "missing"; readonly reason: string }

/** Reads the things of one source by its API. */
export interface Hydrator {
  /**
   * The thing with all that belongs to it, as the API words it, within stated limits: what is beyond them is left out, and the
   * content says so. `RetryLater` when the sender is busy or away, `Rejected("credentials_refused")` when it does not take ours.
   */
  fetch(
    thing: Pick<FetchDraft, "kind" | "id" | "within">,
    credentials: { readonly [name: string]: string },
  ): Promise<FetchAnswer>
}

/** The fetches that one store is owed. One turn at a time works on a lane. */
export interface FetchLedger {
  /** The one that has been due longest, counted as taken. undefined when none of these sources' is due. */
  take(lane: Lane, sources: readonly string[]): Promise<OwedFetch | undefined>
  /** In how many ms the next one is due; undefined when none is owed. */
  dueInMs(lane: Lane, sources: readonly string[]): Promise<number | undefined>
  /** Accepts what was found as a delivery and marks the fetch, both or neither. It stays owed if there was a newer event meanwhile. */
  found(fetch: OwedFetch, delivery: NewDelivery): Promise<void>
  /** Not asked again before a new event. */
  end(lane: Lane, fetch: OwedFetch, answer: "missing" | "gave_up", reason: string): Promise<void>
  /** Asked again after `afterMs`; nothing else of its connection is asked for before `restMs` have passed. */
  postpone(
    lane: Lane,
    fetch: OwedFetch,
    reason: string,
    wait: { readonly afterMs: number; readonly restMs: number },
  ): Promise<void>
}
