import { Rejected, RetryLater } from "@engram/contracts/errors"
import { retryLaterIn } from "@engram/patient-fetch/patient-fetch"
import { APIErrorCode, isHTTPResponseError } from "@notionhq/client"

/** Why Notion does not show a thing, for a person; undefined for every other failure. */
export function unseen(error: unknown): string | undefined {
  if (!isHTTPResponseError(error)) return undefined
  if (error.code === APIErrorCode.ObjectNotFound)
    return "not found (404): gone for good, or not shared with the integration"
  if (error.code === APIErrorCode.RestrictedResource)
    return "not allowed (403): the integration lacks the capability to read it"
  return undefined
}

/** Notion's failures in our three words: later, never, or a bug. What may pass was already found by the patient fetch. */
export function failure(cause: unknown): unknown {
  const later = retryLaterIn(cause)
  if (later) return later
  if (!isHTTPResponseError(cause)) return cause
  const said = `${cause.status}: ${cause.message}`
  if (cause.status === 401)
    return new Rejected(
      "credentials_refused",
      `Notion refused the token (${said}); give a valid one with \`engram connect notion … --token\``,
      { cause },
    )
  // Two writers met, or the request was cut off on its way: it succeeds when it is sent again.
  if (cause.code === APIErrorCode.ConflictError || cause.status === 408)
    return new RetryLater(`Notion answered ${said}`, { afterMs: 1_000, cause })
  if (cause.status >= 400 && cause.status < 500)
    return new Rejected("request_refused", `Notion refused the request: ${said}`, { cause })
  return cause
}
