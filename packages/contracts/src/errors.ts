/**
 * Three answers to failure: later, never, or a bug (any other error).
 * Classes differ only where callers do different things.
 */

/** This may succeed if tried again, not before `afterMs`. */
export class RetryLater extends Error {
  override readonly name = "RetryLater"
  readonly afterMs: number

  constructor(message: string, options: { afterMs: number; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.afterMs = options.afterMs
  }
}

/** Postgres gave up on what takes longer than it may. It may be slow just now; what was asked for alone may be too much each time. */
export class TookTooLong extends RetryLater {}

/** This can never succeed as given; park it for a person. `path` names the offending field, where there is one. */
export class Rejected extends Error {
  override readonly name = "Rejected"
  readonly code: string
  readonly path: string | undefined

  constructor(code: string, message: string, options: { path?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.code = code
    this.path = options.path
  }
}

/** For a server that is not there, hangs up, or sends half an answer: `service at host could not be reached, … (ECONNREFUSED)`. */
export function unreached(service: string, host: string, cause: unknown): RetryLater {
  const code = codeOf(cause)
  const words = `${service} at ${host} could not be reached, or broke off${code ? ` (${code})` : ""}`
  return new RetryLater(words, { afterMs: 0, cause })
}

/** The system's name for it, which `fetch` has in the cause of its own error. */
function codeOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause)
    if ("code" in at && typeof at.code === "string") return at.code
  return undefined
}

/** What a caught value says, in one line, for a log or a row. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(reasonOf).join("; ")
  return error instanceof Error ? error.message || error.name : String(error)
}
