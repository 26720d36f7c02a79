import type { VectorEntry } from "@engram/contracts/reconcile"
import { writtenAs } from "../embed.ts"

export type Verdict = "right" | "missing" | "stale" | "orphaned" | "fresh" | "owed" | "parked"

/**
 * What is to be said of one vector, by its row and by the hash that the index has for it (undefined: it is not there). What was
 * written or removed at or after `settledAt` the index may not show yet, so nothing is said of it.
 */
export function judge(entry: VectorEntry | undefined, hash: string | undefined, settledAt: Date): Verdict {
  if (entry === undefined) return hash === undefined ? "right" : "orphaned"
  const { wantedHash, writtenHash, writtenAt, removedAt, isParked } = entry
  if (isParked) return "parked"
  if (wantedHash !== writtenHash) return "owed"
  const isSettled = (at: Date | null): boolean => at !== null && at < settledAt
  if (wantedHash === null) {
    if (hash === undefined) return "right"
    return isSettled(removedAt) ? "orphaned" : "fresh"
  }
  if (!isSettled(writtenAt)) return "fresh"
  if (hash === undefined) return "missing"
  return hash === writtenAs(wantedHash) ? "right" : "stale"
}
