import { Rejected, RetryLater, TookTooLong } from "@engram/contracts/errors"

export const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : ""

export const isUnanswered = (error: unknown): error is Error =>
  error instanceof Error && error.message === "Query read timeout"

/**
 * Two that insert one new row at the same moment may meet in a unique index that their `on conflict` does not name (23505): the second
 * time the row is there, and is found by the one it names.
 */
export const isTurnTaking = (error: unknown): boolean => ["40001", "40P01", "23505"].includes(codeOf(causeOf(error)))

// Drizzle wraps what pg throws.
const causeOf = (error: unknown): unknown =>
  error instanceof Error && error.cause instanceof Error && codeOf(error) === "" ? error.cause : error

/** Postgres' answers in our words: data it refuses, or that is too much for it (54), is refused for good, a server that is away comes back, the rest is a bug. */
export function translated(error: unknown): unknown {
  const cause = causeOf(error)
  const code = codeOf(cause)
  const message = cause instanceof Error ? cause.message : String(cause)
  if (/^(22|23|54)/.test(code))
    return new Rejected("row_refused", `Postgres refused the data: ${message}`, { cause: error })
  // Our own statement timeout.
  if (code === "57014") return new TookTooLong(`Postgres took too long: ${message}`, { afterMs: 1_000, cause: error })
  const away =
    // 25006: one that only reads, as the one that a failover has left behind.
    /^(08|25006|53|57|E[A-Z]+$)/.test(code) ||
    /timeout exceeded|read timeout|Connection terminated|timed out|not queryable/i.test(message)
  return away ? new RetryLater(`Postgres is away: ${message || code}`, { afterMs: 1_000, cause: error }) : error
}
