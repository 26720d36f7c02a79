import { Rejected, RetryLater } from "@engram/contracts/errors"
import { retryLaterIn } from "@engram/patient-fetch/patient-fetch"
import { WebAPIPlatformError, WebAPIRateLimitedError } from "@slack/web-api"

/** Where Slack names no time, its limits are counted by the minute (docs.slack.dev/apis/web-api/rate-limits). */
const unnamedWaitMs = 60_000

/** Asks, and says in our words what went wrong. `asked` says for what: `the messages of #general`. */
export async function inOurWords<T>(asked: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    throw failure(error, asked)
  }
}

/** Slack's name of what went wrong, if it answered so. */
export const errorIn = (error: unknown): string | undefined =>
  error instanceof WebAPIPlatformError ? error.data.error : undefined

const badTokens = ["invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"]
const passing = ["internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"]

/** Slack's answers in our three words: later, never, or a bug. It answers 200 also when it refuses. */
function failure(cause: unknown, asked: string): unknown {
  const later = retryLaterIn(cause)
  if (later) return later
  if (cause instanceof WebAPIRateLimitedError) return busy(cause.retryAfter * 1_000, cause)
  const error = errorIn(cause)
  if (error === undefined) return cause
  if (badTokens.includes(error))
    return new Rejected(
      "credentials_refused",
      `Slack refused the token (${error}); give one that is valid: the app's page, OAuth & Permissions`,
      { cause },
    )
  if (error === "ratelimited") return busy(unnamedWaitMs, cause)
  if (passing.includes(error)) return new RetryLater(`Slack answered ${error}`, { afterMs: 0, cause })
  if (error === "invalid_cursor")
    return new Rejected("cursor_expired", `Slack does not know any more where the ${asked} went on; add --restart`, {
      cause,
    })
  if (
    ["missing_scope", "no_permission", "access_denied", "not_allowed_token_type", "team_access_not_granted"].includes(
      error,
    )
  )
    return new Rejected("permission_missing", `Slack does not let this token have the ${asked}: ${wanted(cause)}`, {
      cause,
    })
  return new Rejected("request_refused", `Slack refused to tell the ${asked} (${error})`, { cause })
}

const busy = (afterMs: number, cause: unknown): RetryLater =>
  new RetryLater(`Slack wants to be left alone for ${Math.ceil(afterMs / 1_000)} s`, { afterMs, cause })

function wanted(cause: unknown): string {
  const { error, needed } = (cause as WebAPIPlatformError).data as { error: string; needed?: string }
  return needed ? `add the scope ${needed} and install the app again` : error
}
