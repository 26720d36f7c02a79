import type { MergedPart, PartDraft } from "@engram/contracts/draft"
import { compareText } from "../compare-text.ts"
import { isLive, isRemoved, mergedPart, mergeParts, type PartState, partFromDraft, samePart } from "./part.ts"

/** A document is its parts, by part id. */
export type DocumentState = ReadonlyMap<string, PartState>

/**
 * The document after some claims. `parts` is all of it in part id order, `changed` what has to be stored: empty when the
 * claims said nothing new, as a repeated delivery does.
 */
export function mergeDocument(
  state: readonly PartState[],
  drafts: readonly PartDraft[],
): { readonly parts: readonly PartState[]; readonly changed: readonly PartState[] } {
  const before: DocumentState = new Map(state.map((part) => [part.partId, part]))
  const after = new Map(before)
  for (const claim of drafts.map(partFromDraft)) {
    const known = after.get(claim.partId)
    after.set(claim.partId, known ? mergeParts(known, claim) : claim)
  }
  const parts = [...after.values()].sort((a, b) => compareText(a.partId, b.partId))
  const changed = parts.filter((part) => {
    const known = before.get(part.partId)
    return !known || !samePart(known, part)
  })
  return { parts, changed }
}

/** A removed body removes the document, whatever its comments say; otherwise it lives while any part does. */
export function isDocumentLive(parts: readonly PartState[]): boolean {
  return parts.some(isLive) && !parts.some((part) => part.partId === "body" && isRemoved(part))
}

/** The parts that readers see: the body, then the others by (`createdAt`, or the first claim of the part, and part id). */
export function liveParts(parts: readonly PartState[]): readonly MergedPart[] {
  return parts.filter(isLive).sort(inReadingOrder).map(mergedPart)
}

function inReadingOrder(a: PartState, b: PartState): number {
  if (a.partId === "body" || b.partId === "body") return Number(b.partId === "body") - Number(a.partId === "body")
  return createdAt(a) - createdAt(b) || compareText(a.partId, b.partId)
}

function createdAt(part: PartState): number {
  const stated = part.fields.createdAt?.value
  return typeof stated === "number" ? stated : part.firstAt
}
