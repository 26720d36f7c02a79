import { type SpanSaid, spanChannel } from "@engram/contracts/spans"
import type { FastifyInstance, FastifyRequest } from "fastify"
import { whenEnded } from "./when-ended.ts"

type Span = SpanSaid & { error?: Error }

/** Each request is a span, from its head to its answer's last byte or its client's end, within the trace of whoever sent a `traceparent`. */
export function traceRequests(app: FastifyInstance): void {
  const spans = new WeakMap<FastifyRequest, Span>()
  app.addHook("onRequest", (request, { raw: response }, done) => {
    if (!spanChannel.start.hasSubscribers) return done()
    const { method, routeOptions, headers } = request
    // A path that has no route may be anything, so it is not named.
    const name = routeOptions.url === undefined ? method : `${method} ${routeOptions.url}`
    const attributes = { "http.request.method": method }
    const span: Span = { name, kind: "server", attributes, traceparent: headers.traceparent?.toString() }
    spans.set(request, span)
    whenEnded(response, (status) => end(span, status))
    spanChannel.start.runStores(span, done)
  })
  // Once more, as the body came in events of the socket, which belong to no request.
  app.addHook("preHandler", (request, _reply, done) => {
    const span = spans.get(request)
    if (span) spanChannel.start.runStores(span, done)
    else done()
  })
}

function end(span: Span, status: number): void {
  span.attributes["http.response.status_code"] = status
  if (status >= 500) {
    span.error = new Error(`answered ${status}`)
    spanChannel.error.publish(span)
  }
  spanChannel.asyncEnd.publish(span)
}
