import { Refusal, type RefusalBody } from "@engram/bodies/refusal"
import { Rejected, RetryLater, reasonOf } from "@engram/contracts/errors"
import type { Log } from "@engram/contracts/ports"
import type { Metrics } from "@engram/observability/metrics"
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify"

interface RefusalDeps {
  readonly log: Log
  readonly metrics: Metrics
}

/**
 * Errors become answers in one place: a client's mistake is 4xx, Postgres away is 503, a bug is 500 and is logged. So is a connection
 * whose secrets do not open: only its operator can help, and its sender keeps what it has and sends it again.
 */
export function answerRefusal(error: FastifyError, request: FastifyRequest, reply: FastifyReply, deps: RefusalDeps) {
  const { status, code, message, retryAfterSeconds } = refusalOf(error)
  deps.metrics.refused.inc({ status: String(status) })
  if (status === 500)
    deps.log.error({ url: request.url, reason: reasonOf(error), stack: error.stack }, "request failed")
  if (isSealedOtherwise(error)) {
    const { connectionId } = request.params as { readonly connectionId?: string }
    deps.log.error(
      { connectionId, reason: reasonOf(error) },
      "a delivery was refused: its connection's secrets do not open",
    )
  }
  if (retryAfterSeconds !== undefined) void reply.header("retry-after", String(retryAfterSeconds))
  return reply.code(status).send({ code, message } satisfies RefusalBody)
}

function refusalOf(error: FastifyError): Pick<Refusal, "status" | "code" | "message" | "retryAfterSeconds"> {
  if (error instanceof Refusal) return error
  if (error instanceof RetryLater) {
    const retryAfterSeconds = Math.max(1, Math.ceil(error.afterMs / 1_000))
    const message = "the delivery could not be stored now; send it again"
    return { status: 503, code: "database_unavailable", message, retryAfterSeconds }
  }
  if (isSealedOtherwise(error)) {
    const message = "this connection cannot take deliveries now; send it again"
    return { status: 503, code: "connection_unavailable", message, retryAfterSeconds: 60 }
  }
  if (error instanceof Rejected) return answer(400, error.code, error.message)
  // The door's and Fastify's own: a path with nothing there, a URL or a header that cannot be read.
  const status = error.statusCode ?? 500
  if (status === 404) return answer(404, "not_found", error.message)
  if (status >= 400 && status < 500) return answer(status, "bad_request", error.message)
  return answer(500, "internal", "something went wrong here; it was logged")
}

const isSealedOtherwise = (error: Error): boolean =>
  error instanceof Rejected && error.code === "secret_sealed_otherwise"

const answer = (status: number, code: string, message: string) => ({
  status,
  code,
  message,
  retryAfterSeconds: undefined,
})
