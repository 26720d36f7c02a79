import { Refusal, type RefusalBody } from "@engram/bodies/refusal"
import { RetryLater, reasonOf } from "@engram/contracts/errors"
import type { Log } from "@engram/contracts/ports"
import type { Metrics } from "@engram/observability/metrics"
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify"

/** The door's and Fastify's own refusals, in our words. */
const codes: { readonly [status: number]: string } = {
  400: "bad_request",
  404: "not_found",
  413: "too_large",
  415: "unsupported_media_type",
}

interface RefusalDeps {
  readonly log: Log
  readonly metrics: Metrics
}

/** Errors become answers in one place: a client's mistake is 4xx, a dependency away is 503, a bug is 500 and is logged. */
export function answerRefusal(error: FastifyError, request: FastifyRequest, reply: FastifyReply, deps: RefusalDeps) {
  const { status, ...body } = refusalOf(error)
  deps.metrics.refused.inc({ status: String(status) })
  const about = { url: request.routeOptions.url, reason: reasonOf(error) }
  if (status === 500) deps.log.error({ ...about, stack: error.stack }, "request failed")
  if (status === 503) deps.log.warn(about, "request could not be answered")
  if (error instanceof RetryLater) void reply.header("retry-after", String(secondsUntil(error)))
  return reply.code(status).send(body satisfies RefusalBody)
}

function refusalOf(error: FastifyError): RefusalBody & { readonly status: number } {
  if (error instanceof Refusal) {
    const { status, code, message, path } = error
    return { status, code, message, ...(path === undefined ? {} : { path }) }
  }
  // What is away, and where, is for the log: the client can only come again.
  if (error instanceof RetryLater) {
    return { status: 503, code: "unavailable", message: "a part that this needs is away; ask again" }
  }
  const status = error.statusCode ?? 500
  if (status >= 400 && status < 500) return { status, code: codes[status] ?? "bad_request", message: error.message }
  return { status: 500, code: "internal", message: "something went wrong here; it was logged" }
}

const secondsUntil = ({ afterMs }: RetryLater): number => Math.max(1, Math.ceil(afterMs / 1_000))
