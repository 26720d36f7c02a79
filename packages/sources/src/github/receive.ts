import type { ReceivedRequest } from "@engram/contracts/source"
import { isSignedBy } from "../signature.ts"

export const contentTypes = ["application/json", "application/x-www-form-urlencoded"]

export const keptHeaders = [
  "content-type",
  "user-agent",
  "x-github-delivery",
  "x-github-event",
  "x-github-hook-id",
  "x-github-hook-installation-target-id",
  "x-github-hook-installation-target-type",
  "x-github-enterprise-host",
  "x-github-enterprise-version",
]

export const deliveryKey = ({ headers }: ReceivedRequest) => headers["x-github-delivery"]?.trim() || undefined

export const eventName = ({ headers }: ReceivedRequest) => headers["x-github-event"]?.trim() || "unknown"

/** Whether one of the secrets signed these very bytes with HMAC-SHA256. */
export function isAuthentic({ headers, body }: ReceivedRequest, secrets: readonly string[]): boolean {
  const given = /^sha256=([0-9a-f]{64})$/i.exec(headers["x-hub-signature-256"]?.trim() ?? "")?.[1]
  return isSignedBy(secrets, given, [body])
}
