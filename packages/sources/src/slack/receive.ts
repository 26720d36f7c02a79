import { cutText } from "@engram/contracts/cut-text"
import { Rejected } from "@engram/contracts/errors"
import type { Handshake, ReceivedRequest } from "@engram/contracts/source"
import { isSignedBy } from "../signature.ts"
import { decodeUtf8, parseJson } from "../text/well-formed.ts"
import { objectOf, textOf } from "./text/lenient.ts"

export const contentTypes = ["application/json"]

export const keptHeaders = [
  "content-type",
  "user-agent",
  "x-slack-request-timestamp",
  "x-slack-retry-num",
  "x-slack-retry-reason",
]

/** How old, or how far ahead, a signed request may be: Slack's own advice. Seconds. */
const toleranceSeconds = 300

/** Whether one of the secrets signed these very bytes and their time, and the time is now. */
export function isAuthentic({ headers, body }: ReceivedRequest, secrets: readonly string[], now: number): boolean {
  const timestamp = headers["x-slack-request-timestamp"]?.trim() ?? ""
  if (!/^\d{1,12}$/.test(timestamp)) return false
  if (Math.abs(now / 1_000 - Number(timestamp)) > toleranceSeconds) return false
  const given = /^v0=([0-9a-f]{64})$/i.exec(headers["x-slack-signature"]?.trim() ?? "")?.[1]
  return isSignedBy(secrets, given, [`v0:${timestamp}:`, body])
}

/** Slack tries the same event again with the same id. Its notice that it withholds events has none, and is one a minute. */
export function deliveryKey(request: ReceivedRequest): string | undefined {
  const body = opened(request)
  if (body.type === "app_rate_limited") return `app_rate_limited:${textOf(body.team_id)}:${body.minute_rate_limited}`
  return textOf(body.event_id) || undefined
}

/** `message_changed`, `channel_rename`: a message's subtype says more than that it is one. */
export function eventName(request: ReceivedRequest): string {
  const { type, event } = opened(request)
  const { type: inner, subtype } = objectOf(event)
  return cutText(textOf(subtype) || textOf(inner) || textOf(type) || "unknown", 80)
}

/** Slack asks once whether a URL is ours, and wants its challenge back. */
export function handshake(request: ReceivedRequest): Handshake | undefined {
  const { type, challenge } = opened(request)
  return type === "url_verification" && typeof challenge === "string" ? { answer: { challenge } } : undefined
}

/** The body as an object; an empty one for a body that is none, which `normalize` refuses in words. */
function opened({ body }: ReceivedRequest) {
  try {
    return objectOf(parseJson(decodeUtf8(body)))
  } catch (error) {
    if (error instanceof Rejected) return {}
    throw error
  }
}
