import { z } from "zod"

/** Slack's timestamps: seconds and, behind the point, what makes each message of a channel unique. Kept as text, since they are ids. */
export const Ts = z.string().regex(/^\d{1,11}(?:\.\d{1,6})?$/, "not a timestamp of Slack's")

/**
 * ms with the fraction, for clocks: two messages of one millisecond are told apart, and in their order. A double holds
 * microseconds of this century exactly enough to keep them different.
 */
export const clockOf = (ts: string): number => Math.round(Number(ts) * 1e6) / 1e3

/** Whole ms, for dates. */
export const msOf = (ts: string): number => Math.floor(clockOf(ts))
