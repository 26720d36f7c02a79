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

/** What a caught value says, in one line, for a log or a row. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(reasonOf).join("; ")
  return error instanceof Error ? error.message || error.name : String(error)
}
