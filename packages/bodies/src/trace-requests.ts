import { type SpanSaid, spanChannel } from "@engram/contracts/spans"
import type { FastifyInstance, FastifyRequest } from "fastify"

/** Each request is a span, from its head to its answer's last byte, within the trace of whoever sent a `traceparent`. */
export function traceRequests(app: FastifyInstance): void {
  const spans = new WeakMap<FastifyRequest, SpanSaid & { error?: Error }>()
  app.addHook("onRequest", (request, _reply, done) => {
    if (!spanChannel.start.hasSubscribers) return done()
    const { method, routeOptions, headers } = request
    // A path that has no route may be anything, so it is not named.
    const name = routeOptions.url === undefined ? method : `${method} ${routeOptions.url}`
    const attributes = { "http.request.method": method }
    const span = { name, kind: "server" as const, attributes, traceparent: headers.traceparent?.toString() }
    spans.set(request, span)
    spanChannel.start.runStores(span, done)
  })
  // Once more, as the body came in events of the socket, which belong to no request.
  app.addHook("preHandler", (request, _reply, done) => {
    const span = spans.get(request)
    if (span) spanChannel.start.runStores(span, done)
    else done()
  })
  app.addHook("onResponse", (request, { statusCode }, done) => {
    const span = spans.get(request)
    if (span) {
      span.attributes["http.response.status_code"] = statusCode
      if (statusCode >= 500) {
        span.error = new Error(`answered ${statusCode}`)
        spanChannel.error.publish(span)
      }
      spanChannel.asyncEnd.publish(span)
    }
    done()
  })
}
