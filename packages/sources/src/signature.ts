import { createHmac, timingSafeEqual } from "node:crypto"

/**
 * Whether one of the secrets signed the message, all its pieces in order, with HMAC-SHA256; `signature` is hex. Every secret
 * is tried, in constant time, so the answer's delay tells nothing. An empty secret never counts.
 */
export function isSignedBy(
  secrets: readonly string[],
  signature: string | undefined,
  message: readonly (string | Uint8Array)[],
): boolean {
  if (!/^[0-9a-f]{64}$/i.test(signature ?? "")) return false
  const claimed = Buffer.from(signature!, "hex")
  let authentic = false
  for (const secret of secrets) {
    const hmac = createHmac("sha256", secret)
    for (const piece of message) hmac.update(piece)
    if (timingSafeEqual(hmac.digest(), claimed) && secret !== "") authentic = true
  }
  return authentic
}
