import { answerUnreadable } from "@engram/bodies/answer-unreadable"
import { BodyRefused } from "@engram/bodies/read-body"
import { Rejected, RetryLater, reasonOf } from "@engram/contracts/errors"
import type { Log } from "@engram/contracts/ports"
import type { Metrics } from "@engram/observability/metrics"
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, FastifyServerOptions } from "fastify"

/** An answer that is not what the client hoped for. */
export class Refusal extends Error {
  override readonly name = "Refusal"
  readonly status: number
  readonly code: string
  readonly retryAfterSeconds: number | undefined

  constructor(status: number, code: string, message: string, options: { retryAfterSeconds?: number } = {}) {
    super(message)
    this.status = status
    this.code = code
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** Every answer but success has this body. */
export interface RefusalBody {
  readonly code: string
  readonly message: string
}

interface RefusalDeps {
  readonly log: Log
  readonly metrics: Metrics
}

/** What Fastify is told, so that what reaches no route, and what never became a request, is answered in the same words. */
export const refusingInOurWords = (deps: RefusalDeps) =>
  ({
    frameworkErrors: (error, request, reply) => void answerRefusal(error, request, reply, deps),
    clientErrorHandler: (error, socket) =>
      answerUnreadable(error, socket, (status) => deps.metrics.refused.inc({ status: String(status) })),
  }) satisfies FastifyServerOptions

/** Errors become answers in one place: a client's mistake is 4xx, Postgres away is 503, a bug is 500 and is logged. */
export function answerRefusals(app: FastifyInstance, deps: RefusalDeps): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => answerRefusal(error, request, reply, deps))
  app.setNotFoundHandler((request, reply) => {
    deps.metrics.refused.inc({ status: "404" })
    const message = `there is nothing at ${request.method} ${request.url.split("?", 1)[0]}`
    return reply.code(404).send({ code: "not_found", message } satisfies RefusalBody)
  })
}

function answerRefusal(error: FastifyError, request: FastifyRequest, reply: FastifyReply, deps: RefusalDeps) {
  const { status, code, message, retryAfterSeconds } = refusalOf(error)
  deps.metrics.refused.inc({ status: String(status) })
  if (status === 500) deps.log.error({ url: request.url, error: reasonOf(error), stack: error.stack }, "request failed")
  if (retryAfterSeconds !== undefined) void reply.header("retry-after", String(retryAfterSeconds))
  return reply.code(status).send({ code, message } satisfies RefusalBody)
}

function refusalOf(error: FastifyError): Pick<Refusal, "status" | "code" | "message" | "retryAfterSeconds"> {
  if (error instanceof Refusal) return error
  if (error instanceof BodyRefused) return answer(error.status, error.code, error.message)
  if (error instanceof RetryLater) {
    const retryAfterSeconds = Math.max(1, Math.ceil(error.afterMs / 1_000))
    const message = "the delivery could not be stored now; send it again"
    return { status: 503, code: "database_unavailable", message, retryAfterSeconds }
  }
  if (error instanceof Rejected) return answer(400, error.code, error.message)
  // Fastify's own: a URL or a header it cannot read.
  const status = error.statusCode ?? 500
  if (status >= 400 && status < 500) return answer(status, "bad_request", error.message)
  return answer(500, "internal", "something went wrong here; it was logged")
}

const answer = (status: number, code: string, message: string) => ({
  status,
  code,
  message,
  retryAfterSeconds: undefined,
})
