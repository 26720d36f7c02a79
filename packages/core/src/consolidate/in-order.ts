import type { Evidence } from "@engram/contracts/consolidation"
import { compareText } from "../compare-text.ts"

/** By time, then id; each id once. However evidence arrives, this is the order it is read in. */
export function inOrder(evidence: readonly Evidence[]): Evidence[] {
  const byId = new Map<string, Evidence>()
  for (const each of evidence) if (!byId.has(each.id)) byId.set(each.id, each)
  return [...byId.values()].sort((a, b) => a.occurredAt - b.occurredAt || compareText(a.id, b.id))
}

/** At most `max` of them, the most important ones; among equals the newest. In order of time. */
export function weightiest(evidence: readonly Evidence[], max: number): Evidence[] {
  const ordered = inOrder(evidence)
  if (ordered.length <= max) return ordered
  const chosen = ordered.toReversed().sort((a, b) => b.importance - a.importance)
  return inOrder(chosen.slice(0, max))
}
