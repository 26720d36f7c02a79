import type { RetentionDue } from "@engram/contracts/retention"
import { count } from "./words.ts"

/** What retention would remove, for a cell or a sentence: `3 documents, 12 moments, the bytes of 5 deliveries`; or `nothing`, and why. */
export function dueInWords({ state, due: { documents, observations, deliveries } }: RetentionDue): string {
  if (state === "off") return "nothing: retention is off"
  if (state === "held") return "nothing: under legal hold"
  const parts = [
    ...(documents > 0 ? [count(documents, "document")] : []),
    ...(observations > 0 ? [count(observations, "moment")] : []),
    ...(deliveries > 0 ? [`the bytes of ${count(deliveries, "delivery", "deliveries")}`] : []),
  ]
  return parts.join(", ") || "nothing"
}

export const isAnyDue = ({ due }: RetentionDue): boolean => Object.values(due).some((n) => n > 0)
