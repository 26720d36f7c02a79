import { hotDays } from "./calendar.ts"

/** Observations that are older and that a summary of their entity rests on are found by that summary, and by their words. */
export const compressedDays = 180
/** Below it, an observation that is no longer hot is found by its words alone, whether or not anything sums it up. */
export const tailImportance = 0.2

const dayMs = 86_400_000

/** What becomes of an observation's vectors. `hot` and `kept` are in the index; the others are in Postgres only. */
export type Age = "hot" | "kept" | "compressed" | "tail"

/** All that happened before this instant (ms) is no longer hot. */
export const coldBefore = (now: number): number => now - hotDays * dayMs

/** A function of these three facts and the time alone, so that whatever wants a vector again gets the same answer the next night. */
export function ageOf(
  observation: {
    /** ms */
    readonly occurredAt: number
    /** 0 to 1 */
    readonly importance: number
    /** Whether an entity's summary of a week or a month rests on it. */
    readonly isSummarized: boolean
  },
  now: number,
): Age {
  const { occurredAt, importance, isSummarized } = observation
  if (occurredAt >= coldBefore(now)) return "hot"
  if (isSummarized && occurredAt < now - compressedDays * dayMs) return "compressed"
  return importance < tailImportance ? "tail" : "kept"
}
