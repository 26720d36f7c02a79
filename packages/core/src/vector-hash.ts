import { hash } from "node:crypto"
import type { VectorMetadata } from "@engram/contracts/ports"
import { canonicalJson } from "./canonical.ts"

/**
 * What a vector should be, in one word: the embedded text and the metadata beside it. A change of either rewrites the
 * vector; a change of metadata alone embeds nothing. The order of keys does not matter, the order in a list does.
 */
export function wantedHash(textHash: string, metadata: VectorMetadata): string {
  return hash("sha256", canonicalJson([textHash, metadata]), "hex")
}
