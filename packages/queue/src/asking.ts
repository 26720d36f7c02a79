import { Rejected, RetryLater, reasonOf } from "@engram/contracts/errors"
import type { Backend } from "./backend.ts"
import { within } from "./within.ts"

/** Asks the queue's store something: an answer within `timeoutMs`, or `RetryLater`, or `Rejected("queue_refused")`. */
export function asking(backend: Backend, timeoutMs: number): <T>(what: string, work: Promise<T>) => Promise<T> {
  const late = () => {
    const trouble = backend.trouble()
    return new Error(`no answer in ${timeoutMs} ms${trouble ? ` (${reasonOf(trouble)})` : ""}`)
  }
  return async (what, work) => {
    try {
      return await within(timeoutMs, work, late)
    } catch (error) {
      throw awayOrRefused(backend, what, error)
    }
  }
}

function awayOrRefused(backend: Backend, what: string, error: unknown): Error {
  const reason = reasonOf(error)
  const message = `cannot ${what} in the queue (${backend.place}): ${reason}`
  if (/NOAUTH|WRONGPASS|NOPERM|password authentication failed/.test(reason)) {
    return new Rejected("queue_refused", `${message}. Check the user and password in its URL`, { cause: error })
  }
  return new RetryLater(message, { afterMs: 5_000, cause: error })
}
