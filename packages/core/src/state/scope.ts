import type { Privacy, ScopeDraft } from "@engram/contracts/draft"
import { compareText } from "../compare-text.ts"

/** What is known of a scope: three registers, each with its source time in ms, -1 while nobody said it. */
export interface ScopeState {
  readonly key: string
  readonly kind: string
  readonly name: string
  readonly nameAt: number
  readonly privacy: Privacy
  /** When the privacy was said. */
  readonly at: number
  readonly live: boolean
  readonly liveAt: number
}

/** A scope that nobody named goes by its key, one whose privacy nobody told is private. */
export function scopeFromDraft({ key, kind, name, privacy, alive, at }: ScopeDraft): ScopeState {
  return {
    key,
    kind,
    name: name ?? key,
    nameAt: name === undefined ? -1 : at,
    privacy: privacy ?? "private",
    at: privacy === undefined ? -1 : at,
    live: alive ?? true,
    liveAt: alive === undefined ? -1 : at,
  }
}

/** The join of two states of one scope. Equal times are decided: private wins, a removal wins, then the greater name. */
export function mergeScopes(a: ScopeState, b: ScopeState): ScopeState {
  const named = a.nameAt - b.nameAt || compareText(a.name, b.name)
  const told = a.at - b.at || compareText(a.privacy, b.privacy)
  const lived = a.liveAt - b.liveAt || Number(b.live) - Number(a.live)
  const { name, nameAt } = named >= 0 ? a : b
  const { privacy, at } = told >= 0 ? a : b
  const { live, liveAt } = lived >= 0 ? a : b
  return { key: a.key, kind: a.kind, name, nameAt, privacy, at, live, liveAt }
}
