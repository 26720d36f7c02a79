import { Rejected, RetryLater } from "@engram/contracts/errors"
import { retryLaterIn } from "@engram/patient-fetch/patient-fetch"

interface Answered {
  readonly status: number
  readonly message: string
  readonly headers: { readonly [name: string]: string | undefined }
}

/** Where GitHub names no time, it asks for a minute at least. */
const unnamedWaitMs = 60_000

/** GitHub's answers in our three words: later, never, or a bug. `asked` says for what: `the issues of octo-org/hello`. */
export function failure(cause: unknown, asked: string): unknown {
  const later = retryLaterIn(cause)
  if (later) return later
  const answer = answerIn(cause)
  if (!answer) return graphqlFailure(cause, asked)
  const limited = rateLimited(answer)
  if (limited) return new RetryLater(limited.message, { afterMs: limited.afterMs, cause })
  const { status, message, headers } = answer
  switch (status) {
    case 401:
      return new Rejected("credentials_refused", `GitHub refused the token (401: ${message}); give one that is valid`, {
        cause,
      })
    case 403:
      return new Rejected("permission_missing", `GitHub does not let this token have ${asked}: ${wanted(answer)}`, {
        cause,
      })
    case 404:
      return new Rejected(
        "not_found",
        `GitHub shows this token no ${asked}: the name is misspelt, or the token may not see it${scopes(headers)}`,
        { cause },
      )
    case 410:
    case 422:
    case 451:
      return new Rejected("request_refused", `GitHub refused ${asked} (${status}: ${message})`, { cause })
    default:
      return cause
  }
}

/** Asks, and says in our words what went wrong. */
export async function inOurWords<T>(asked: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    throw failure(error, asked)
  }
}

export const isMissing = (error: unknown): boolean => answerIn(error)?.status === 404

/** octokit's error, told apart by what it carries. */
function answerIn(error: unknown): Answered | undefined {
  if (!(error instanceof Error) || !("status" in error) || !("response" in error)) return undefined
  const { status, response } = error as Error & { status: number; response?: { data?: unknown; headers?: object } }
  if (!response) return undefined
  const said = (response.data as { message?: unknown } | undefined)?.message
  const headers = (response.headers ?? {}) as Answered["headers"]
  return { status, message: typeof said === "string" ? said : error.message, headers }
}

/** Primary limits name their end, secondary ones perhaps how long to wait. Both come as 403 or 429. */
function rateLimited({ status, message, headers }: Answered): { message: string; afterMs: number } | undefined {
  if (status !== 403 && status !== 429) return undefined
  const retryAfter = Number(headers["retry-after"])
  if (headers["retry-after"] !== undefined && Number.isFinite(retryAfter)) {
    return { message: `GitHub wants to be left alone for ${retryAfter} s (${message})`, afterMs: retryAfter * 1_000 }
  }
  if (headers["x-ratelimit-remaining"] === "0") return used(headers)
  if (status === 429 || /secondary rate limit|abuse detection/i.test(message)) {
    return { message: `GitHub wants fewer requests (${message})`, afterMs: unnamedWaitMs }
  }
  return undefined
}

/** A second more than the clocks say, since they count in seconds. */
function used(headers: Answered["headers"]): { message: string; afterMs: number } {
  const resetAt = Number(headers["x-ratelimit-reset"]) * 1_000
  const afterMs = Number.isFinite(resetAt) ? Math.max(0, resetAt - Date.now()) + 1_000 : unnamedWaitMs
  const until = new Date(Date.now() + afterMs).toISOString().slice(11, 19)
  const limit = headers["x-ratelimit-limit"]
  return { message: `GitHub's limit of ${limit ?? "its"} requests an hour is used up until ${until} UTC`, afterMs }
}

function wanted({ message, headers }: Answered): string {
  const sso = /url=(\S+)/.exec(headers["x-github-sso"] ?? "")?.[1]
  if (sso) return `the organization asks for single sign-on, authorize it at ${sso}`
  const permissions = headers["x-accepted-github-permissions"]
  if (permissions) return `it needs the permission ${permissions} (${message})`
  return `${message}${scopes(headers)}`
}

function scopes(headers: Answered["headers"]): string {
  const accepted = headers["x-accepted-oauth-scopes"]?.trim()
  return accepted ? ` (a classic token needs one of the scopes ${accepted})` : ""
}

/** GraphQL answers 200 and says in the body what it refused. */
function graphqlFailure(cause: unknown, asked: string): unknown {
  if (!(cause instanceof Error) || cause.name !== "GraphqlResponseError") return cause
  const { errors = [], headers = {} } = cause as Error & {
    errors?: readonly { type?: string; message: string }[]
    headers?: Answered["headers"]
  }
  const types = new Set(errors.map(({ type }) => type))
  const said = errors.map(({ message }) => message).join("; ")
  if (types.has("RATE_LIMITED") || types.has("RATE_LIMIT")) {
    const { message, afterMs } = used(headers)
    return new RetryLater(message, { afterMs, cause })
  }
  if (types.has("NOT_FOUND")) {
    return new Rejected("not_found", `GitHub shows this token no ${asked}: ${said}`, { cause })
  }
  if (types.has("FORBIDDEN") || types.has("INSUFFICIENT_SCOPES")) {
    return new Rejected("permission_missing", `GitHub does not let this token have ${asked}: ${said}`, { cause })
  }
  return cause
}
