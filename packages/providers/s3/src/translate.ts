import { Rejected, RetryLater, reasonOf } from "@engram/contracts/errors"
import { BrokenCircuitError } from "cockatiel"

const throttled = new Set(["SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests"])
const unstable = /timeout|timed ?out|abort|network|socket|ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|premature close/i

interface SdkError {
  readonly name?: string
  readonly code?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
}

/** S3's answers in our three words: later, never, or a bug. `what` says what was tried, for the message. */
export function translate(error: unknown, what: string): Error {
  if (error instanceof RetryLater || error instanceof Rejected) return error
  const { name = "", code = "", $metadata } = error as SdkError
  const status = $metadata?.httpStatusCode ?? 0
  const message = `s3: cannot ${what}: ${words(name, status) ?? `${name} ${reasonOf(error)}`}`
  const options = { cause: error }

  if (error instanceof BrokenCircuitError) return new RetryLater(message, { afterMs: 5_000, ...options })
  if (throttled.has(name) || status === 429 || status === 408 || status >= 500) {
    return new RetryLater(message, { afterMs: 5_000, ...options })
  }
  if (name === "CredentialsProviderError" || (status >= 300 && status < 500)) {
    return new Rejected("artifacts_refused", message, options)
  }
  if (unstable.test(`${name} ${code} ${reasonOf(error)}`))
    return new RetryLater(message, { afterMs: 5_000, ...options })
  return error instanceof Error ? error : new Error(message, options)
}

/** HEAD answers have no body, so the SDK knows no more than their status. */
function words(name: string, status: number): string | undefined {
  if (name === "CredentialsProviderError") {
    return "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the process a role"
  }
  if (name === "InvalidAccessKeyId") return "the access key is not known there: check AWS_ACCESS_KEY_ID and S3_ENDPOINT"
  if (name === "SignatureDoesNotMatch") return "the signature is refused: check AWS_SECRET_ACCESS_KEY"
  if (name === "NoSuchBucket" || status === 404) return "there is no such bucket: create it, or check S3_BUCKET"
  if (status === 301) return "the bucket is in another region: check AWS_REGION"
  if (status === 401 || status === 403) {
    return "access is denied: check the access key, and that it may get, put and delete objects and list the bucket"
  }
  return undefined
}
