import { Rejected, RetryLater, reasonOf } from "@engram/contracts/errors"
import type { Backend } from "./backend.ts"
import { within } from "./within.ts"

/** Asks the queue's store something: an answer within `timeoutMs`, or `RetryLater`, or `Rejected("queue_refused")`. */
export function asking(
  backend: Backend,
  timeoutMs: number,
): <T>(what: string, question: () => Promise<T>) => Promise<T> {
  const late = () => {
    const trouble = backend.trouble()
    return new Error(`no answer in ${timeoutMs} ms${trouble ? ` (${reasonOf(trouble)})` : ""}`)
  }
  return async (what, question) => {
    try {
      return await within(timeoutMs, againAfterDeadlock(question), late)
    } catch (error) {
      throw awayOrRefused(backend, what, error)
    }
  }
}

/**
 * PostgreSQL ends one of two statements that wait for each other, and nothing of it is done. BullMQ 6.7 takes locks in
 * two orders when several processes set the same scheduler.
 */
async function againAfterDeadlock<T>(question: () => Promise<T>, triesLeft = 3): Promise<T> {
  try {
    return await question()
  } catch (error) {
    if (triesLeft === 0 || !hasCode(error, deadlockDetected)) throw error
    return againAfterDeadlock(question, triesLeft - 1)
  }
}

const deadlockDetected = "40P01"

/** Errors of BullMQ, of Redis and of Postgres have a code. */
export const hasCode = (error: unknown, code: string | number): boolean =>
  error instanceof Error && "code" in error && error.code === code

function awayOrRefused(backend: Backend, what: string, error: unknown): Error {
  const reason = reasonOf(error)
  const message = `cannot ${what} in the queue (${backend.place}): ${reason}`
  if (/NOAUTH|WRONGPASS|NOPERM|password authentication failed/.test(reason)) {
    return new Rejected("queue_refused", `${message}. Check the user and password in its URL`, { cause: error })
  }
  return new RetryLater(message, { afterMs: 5_000, cause: error })
}
