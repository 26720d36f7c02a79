import type { AliasRef, Link, RelationshipType } from "@engram/contracts/graph"
import type { Json } from "@engram/contracts/json"

/** The greatest of the times there are, in ms. */
export function latest(...times: (number | null | undefined)[]): number | undefined {
  const known = times.filter((time) => typeof time === "number")
  return known.length > 0 ? Math.max(...known) : undefined
}

/** What a payload carries: keys without a value are left out, null is kept. */
export function carried(fields: { readonly [name: string]: Json | undefined }): { readonly [name: string]: Json } {
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, Json] => entry[1] !== undefined))
}

/** An edge that the payload itself states. */
export const link = (type: RelationshipType, to: AliasRef, from?: AliasRef): Link => ({
  type,
  ...(from && { from }),
  to,
  confidence: 1,
})
