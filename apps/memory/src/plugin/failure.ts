import { Refusal } from "@engram/bodies/refusal"
import { Rejected, RetryLater, reasonOf } from "@engram/contracts/errors"
import type { FailureAnswer, FailureCode } from "@engram/contracts/memories"
import type { Log } from "@engram/contracts/ports"
import type { Metrics } from "@engram/observability/metrics"
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify"
import type { z } from "zod"

const statusOf: Readonly<Record<FailureCode, number>> = {
  bad_request: 400,
  forbidden: 403,
  not_found: 404,
  internal: 500,
  unavailable: 503,
}

/** An answer that is not what the client hoped for, in the contract's words. */
export class Failure extends Error {
  override readonly name = "Failure"
  readonly code: FailureCode
  readonly status: number
  readonly details: unknown

  constructor(code: FailureCode, message: string, options: { details?: unknown; status?: number } = {}) {
    super(message)
    this.code = code
    this.status = options.status ?? statusOf[code]
    this.details = options.details
  }
}

type Body = z.infer<typeof FailureAnswer>

/** Errors become answers in one place: a client's mistake is 4xx, Postgres away is 503, a bug is 500 and is logged. */
export function answerFailure(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  deps: { readonly log: Log; readonly metrics: Metrics },
) {
  const { status, code, message, details } = failureOf(error)
  deps.metrics.refused.inc({ status: String(status) })
  const about = { url: request.routeOptions?.url, reason: reasonOf(error) }
  if (status === 500) deps.log.error({ ...about, stack: error.stack }, "memory request failed")
  if (status === 503) {
    deps.log.warn(about, "memory request could not be answered")
    void reply.header("retry-after", "1")
  }
  return reply.code(status).send({ code, message, ...(details === undefined ? {} : { details }) } satisfies Body)
}

function failureOf(error: FastifyError): Failure {
  if (error instanceof Failure) return error
  if (error instanceof Refusal) return new Failure("bad_request", error.message, { status: error.status })
  // What is away, and where, is for the log: the client can only come again.
  if (error instanceof RetryLater) return new Failure("unavailable", "the store is away, or took too long; ask again")
  if (error instanceof Rejected) {
    const { path, message } = error
    if (path === undefined) return new Failure("bad_request", message)
    return new Failure("bad_request", `${path} ${message}`, { details: [{ path, message }] })
  }
  const status = error.statusCode ?? 500
  if (status === 404) return new Failure("not_found", error.message)
  if (status >= 400 && status < 500) return new Failure("bad_request", error.message, { status })
  return new Failure("internal", "something went wrong here; it was logged")
}
