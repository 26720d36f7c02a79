import { Rejected, RetryLater } from "@engram/contracts/errors"
import { retryLaterIn } from "@engram/patient-fetch/patient-fetch"
import { Errors } from "@pinecone-database/pinecone"

/** A plan's limit on indexes or on use. Asking again does not lift it, whichever status carries it. */
export function isQuota(said: string): boolean {
  return /max(imum)?\b.*\bindexes|quota|monthly|upgrade your plan/i.test(said)
}

export function isMissing(error: unknown): boolean {
  return error instanceof Errors.PineconeNotFoundError
}

/** Pinecone's answers in our three words: later, never, or a bug. What may pass was already found by the patient fetch. */
export function failure(cause: unknown, index: string): unknown {
  const later = retryLaterIn(cause)
  if (later) return later
  if (cause instanceof Errors.PineconeAuthorizationError) {
    return new Rejected("credentials_refused", "Pinecone refused the key; check PINECONE_API_KEY", { cause })
  }
  if (isMissing(cause)) {
    return new RetryLater(`Pinecone has no index ${index}; it is made again when it is next ensured`, {
      afterMs: 1_000,
      cause,
    })
  }
  const said = cause instanceof Error ? cause.message : ""
  if (cause instanceof Errors.PineconePaymentRequiredError || (isPineconeError(cause) && isQuota(said))) {
    const message = `Pinecone's plan is used up (index ${index}): ${said} Delete indexes that are no longer used, or upgrade the plan.`
    return new Rejected("index_quota", message, { cause })
  }
  if (cause instanceof Errors.PineconeBadRequestError || cause instanceof Errors.PineconeUnprocessableEntityError) {
    return new Rejected("vector_refused", `Pinecone refused what was sent to index ${index}: ${said}`, { cause })
  }
  return cause
}

function isPineconeError(error: unknown): error is Error {
  return error instanceof Error && error.name.startsWith("Pinecone")
}

/** Throws unless Pinecone can make an index of this name. */
export function checkIndexName(index: string): void {
  if (/^[a-z0-9]([a-z0-9-]{0,43}[a-z0-9])?$/.test(index)) return
  const rule = "1 to 45 lowercase letters, digits or hyphens, with a letter or digit at both ends"
  throw new Rejected("index_name_illegal", `"${index}" cannot name a Pinecone index: ${rule}`, { path: "index" })
}

export function mismatch(index: string, dimension: number, given: number): Rejected {
  const message = `index ${index} holds vectors of ${dimension} dimensions, not ${given}; each dimension needs an index of its own`
  return new Rejected("dimension_mismatch", message)
}
