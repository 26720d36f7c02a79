import type { ReceivedRequest } from "@engram/contracts/source"
import { isSignedBy } from "../signature.ts"

export const contentTypes = ["application/json"]

export const keptHeaders = ["content-type", "user-agent", "linear-delivery", "linear-event"]

/** How far the signed time of sending may be from now, either way: what Linear's own library allows. */
const toleranceMs = 60_000

export const deliveryKey = ({ headers }: ReceivedRequest) => headers["linear-delivery"]?.trim() || undefined

export const eventName = ({ headers }: ReceivedRequest) => headers["linear-event"]?.trim() || "unknown"

/** Whether one of the secrets signed these very bytes, and they were sent within a minute of `now` (ms). */
export function isAuthentic({ headers, body }: ReceivedRequest, secrets: readonly string[], now: number): boolean {
  // The body is read only once it is certain who wrote it.
  if (!isSignedBy(secrets, headers["linear-signature"]?.trim(), [body])) return false
  const sentAt = sentAtOf(body)
  return sentAt !== undefined && Math.abs(now - sentAt) <= toleranceMs
}

/** `webhookTimestamp`, in ms. Undefined for a body that does not say when it was sent. */
function sentAtOf(body: Uint8Array): number | undefined {
  try {
    const payload: unknown = JSON.parse(new TextDecoder().decode(body))
    const at = (payload as { webhookTimestamp?: unknown } | null)?.webhookTimestamp
    return typeof at === "number" && Number.isFinite(at) ? at : undefined
  } catch {
    return undefined
  }
}
