import { createHmac, hkdfSync } from "node:crypto"
import type { KeyedHash } from "@engram/contracts/privacy"

/** What a hash is for; hashes for one purpose say nothing about those for another. */
export type HashPurpose = "pseudonyms" | "suppressions"

/**
 * HMAC-SHA256 under a key derived from `secretKey` (ENGRAM_SECRET_KEY). The same text gives the same hash for as long as
 * that key stays; another key makes suppressions void, so they carry `keyId`.
 */
export function createKeyedHash(secretKey: string, purpose: HashPurpose): KeyedHash {
  const key = Buffer.from(hkdfSync("sha256", secretKey, "", `engram ${purpose}`, 32))
  return (workspaceId, text) => createHmac("sha256", key).update(`${workspaceId}\0${text}`).digest("hex")
}
