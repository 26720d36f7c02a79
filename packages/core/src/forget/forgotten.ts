import type { AliasRef } from "@engram/contracts/graph"
import type { KeyedHash, SuppressionKind } from "@engram/contracts/privacy"

/** What a workspace has forgotten, as something to ask. */
export interface Forgotten {
  has(kind: SuppressionKind, text: string): boolean
  /** Whether people are among it, so that texts have to be looked through. */
  readonly people: boolean
  readonly whole: boolean
}

/** The names things are suppressed by. An identifier is a word or a full name in lower case. */
export const suppressionText = {
  document: (source: string, sourceId: string): string => `document ${source} ${sourceId}`,
  alias: ({ type, value }: AliasRef): string => `alias ${type} ${value}`,
  identifier: (words: string): string => `identifier ${words.toLowerCase()}`,
  source: (source: string): string => `source ${source}`,
  workspace: (): string => "workspace",
}

/** Identifiers shorter than this would be found in every text. */
export const identifierCharsMin = 3

const rememberedMax = 50_000

/** The same words come again and again, so what their hash said is remembered: a lookup instead of 2 µs. */
export function forgottenOf(options: {
  readonly workspaceId: string
  readonly suppressions: readonly { readonly kind: SuppressionKind; readonly hash: string }[]
  readonly hash: KeyedHash
}): Forgotten {
  const { workspaceId, suppressions, hash } = options
  const hashes = new Set(suppressions.map((each) => each.hash))
  const kinds = new Set(suppressions.map((each) => each.kind))
  const known = new Map<string, boolean>()
  return {
    people: kinds.has("identifier"),
    whole: kinds.has("workspace"),
    has: (kind, text) => {
      if (!kinds.has(kind)) return false
      const remembered = known.get(text)
      if (remembered !== undefined) return remembered
      const found = hashes.has(hash(workspaceId, text))
      if (known.size >= rememberedMax) known.clear()
      known.set(text, found)
      return found
    },
  }
}
