import { Rejected, RetryLater, unreached } from "@engram/contracts/errors"
import { LinearError, LinearErrorType, RatelimitedLinearError } from "@linear/sdk"

/** Where Linear names no time: its budgets fill up again steadily (linear.app/developers/rate-limiting). */
const unnamedWaitMs = 60_000

/** Who is asked, and how long one answer may take. */
interface Server {
  readonly host: string
  readonly timeoutMs: number
}

/** Asks, and says in our words what went wrong. */
export async function inOurWords<T>(asked: string, server: Server, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    throw failure(error, asked, server)
  }
}

/** Linear's answers in our three words: later, never, or a bug. */
function failure(cause: unknown, asked: string, server: Server): unknown {
  if (!(cause instanceof LinearError)) return unanswered(cause, server)
  if (cause instanceof RatelimitedLinearError) return used(cause)
  const said = cause.errors?.[0]?.message ?? cause.message
  switch (cause.type) {
    case LinearErrorType.AuthenticationError:
      return new Rejected(
        "credentials_refused",
        `Linear refused the token (${said}); give one that is valid: Settings → Security & access → Personal API keys`,
        { cause },
      )
    case LinearErrorType.Forbidden:
    case LinearErrorType.FeatureNotAccessible:
      return new Rejected("permission_missing", `Linear does not let this token have the ${asked}: ${said}`, { cause })
    case LinearErrorType.NetworkError:
    case LinearErrorType.InternalError:
    case LinearErrorType.LockTimeout:
    case LinearErrorType.BootstrapError:
      return new RetryLater(`Linear answered ${cause.status ?? said}`, { afterMs: 0, cause })
  }
  if (cause.status !== undefined && cause.status >= 500)
    return new RetryLater(`Linear answered ${cause.status}`, { afterMs: 0, cause })
  return new Rejected("request_refused", `Linear refused to tell the ${asked}: ${said}`, { cause })
}

function unanswered(cause: unknown, { host, timeoutMs }: Server): unknown {
  if (!(cause instanceof Error)) return cause
  if (cause.name === "TimeoutError")
    return new RetryLater(`Linear did not answer within ${timeoutMs} ms`, { afterMs: 0, cause })
  // An address that is not there, a connection that broke off, half an answer.
  if (cause instanceof TypeError || cause instanceof SyntaxError) return unreached("Linear", host, cause)
  return cause
}

/** Requests and complexity are counted apart. The one that is used up says when it is filled again, in ms since 1970. */
function used(cause: RatelimitedLinearError): RetryLater {
  const { retryAfter, requestsRemaining, requestsResetAt, complexityRemaining, complexityResetAt } = cause
  const resets = [
    ...(requestsRemaining === 0 && requestsResetAt ? [requestsResetAt] : []),
    ...(complexityRemaining === 0 && complexityResetAt ? [complexityResetAt] : []),
  ]
  const named = retryAfter === undefined ? resets.map((at) => Math.max(0, at - Date.now())) : [retryAfter * 1_000]
  const afterMs = named.length > 0 ? Math.max(...named) : unnamedWaitMs
  const until = new Date(Date.now() + afterMs).toISOString().slice(11, 19)
  return new RetryLater(`Linear's limit of requests or of their complexity is used up until ${until} UTC`, {
    afterMs,
    cause,
  })
}
