import { Rejected } from "@engram/contracts/errors"
import type { Handshake, ReceivedRequest } from "@engram/contracts/source"
import { isSignedBy } from "../signature.ts"
import { decodeUtf8, parseJson } from "../text/well-formed.ts"

export const contentTypes = ["application/json"]

export const keptHeaders = ["content-type", "user-agent", "request-id"]

/** Larger bodies are no handshake: they are not parsed before it is certain who sent them. */
const handshakeBytesMax = 4_096

/** The event's own id. Retries of one event carry the same. */
export const deliveryKey = (request: ReceivedRequest) => textIn(request, "id")

export const eventName = (request: ReceivedRequest) => textIn(request, "type") ?? "unknown"

/** Whether one of the verification tokens signed these very bytes with HMAC-SHA256. */
export function isAuthentic({ headers, body }: ReceivedRequest, secrets: readonly string[]): boolean {
  const given = /^sha256=([0-9a-f]{64})$/i.exec(headers["x-notion-signature"]?.trim() ?? "")?.[1]
  return isSignedBy(secrets, given, [body])
}

/** Notion's first request brings the token that all later ones are signed with, and is no event. */
export function handshake(request: ReceivedRequest): Handshake | undefined {
  if (request.body.byteLength > handshakeBytesMax) return undefined
  const secret = textIn(request, "verification_token")
  return secret === undefined || textIn(request, "type") !== undefined ? undefined : { secret }
}

/** A text of the body's object; undefined when there is none, or the body cannot be read. */
function textIn({ body }: ReceivedRequest, name: string): string | undefined {
  try {
    const payload = parseJson(decodeUtf8(body))
    const value = typeof payload === "object" && payload !== null ? Reflect.get(payload, name) : undefined
    return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined
  } catch (error) {
    if (error instanceof Rejected) return undefined
    throw error
  }
}
