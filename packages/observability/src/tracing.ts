import { AsyncLocalStorage } from "node:async_hooks"
import { RetryLater, reasonOf } from "@engram/contracts/errors"
import type { Log } from "@engram/contracts/ports"
import { type SpanSaid, spanChannel } from "@engram/contracts/spans"
import { type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api"
import { parseTraceParent } from "@opentelemetry/core"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http"
import { resourceFromAttributes } from "@opentelemetry/resources"
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from "@opentelemetry/sdk-trace"
import { masked } from "./masked.ts"

const kinds = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
}

/** For one request to the collector, and for what is left when the process ends. */
const sendMs = 2_000

export interface Tracing {
  /** Sends what has ended, for some seconds at most. */
  close(): Promise<void>
}

/**
 * Sends this process's spans to an OpenTelemetry collector, as OTLP over HTTP in JSON: `endpoint` is its base address, and headers and
 * the like are read as OpenTelemetry's own variables say. It never holds up the work: spans wait for 5 seconds at most, 2,048 of
 * them, and what the collector does not take is lost and logged.
 */
export function startTracing(options: {
  readonly endpoint: string
  readonly service: string
  readonly log: Log
}): Tracing {
  const url = `${options.endpoint.replace(/\/+$/, "")}/v1/traces`
  const exporter = telling(new OTLPTraceExporter({ url, timeoutMillis: sendMs }), options.log)
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": options.service }),
    spanProcessors: [new BatchSpanProcessor({ exporter, exportTimeoutMillis: sendMs })],
  })
  const tracer = provider.getTracer("engram")
  const current = new AsyncLocalStorage<Context>()
  const contexts = new WeakMap<SpanSaid, Context>()

  /** The same each time, so that a span can be gone back into. */
  const contextOf = (said: SpanSaid): Context => {
    const known = contexts.get(said)
    if (known) return known
    const { name, kind, attributes } = said
    const parent = current.getStore() ?? contextFrom(said.traceparent)
    const context = trace.setSpan(parent, tracer.startSpan(name, { kind: kinds[kind], attributes }, parent))
    contexts.set(said, context)
    return context
  }
  const spanOf = (said: SpanSaid) => trace.getSpan(contextOf(said))!
  const listeners = {
    asyncEnd: (said: SpanSaid) => void spanOf(said).setAttributes(said.attributes).end(),
    error: (said: SpanSaid & { readonly error?: unknown }) => {
      const reason = masked(reasonOf(said.error))
      // That something is busy is no error of whoever waits for it.
      if (said.error instanceof RetryLater) spanOf(said).setAttribute("engram.retry_later", reason)
      else spanOf(said).setStatus({ code: SpanStatusCode.ERROR, message: reason })
    },
  }
  spanChannel.start.bindStore(current, contextOf)
  spanChannel.asyncEnd.subscribe(listeners.asyncEnd as never)
  spanChannel.error.subscribe(listeners.error as never)
  return {
    close: () => {
      spanChannel.start.unbindStore(current)
      spanChannel.asyncEnd.unsubscribe(listeners.asyncEnd as never)
      spanChannel.error.unsubscribe(listeners.error as never)
      // What could not be sent is lost, as at any time.
      return provider.shutdown().catch(() => {})
    },
  }
}

function contextFrom(traceparent: string | undefined): Context {
  const asker = traceparent === undefined ? null : parseTraceParent(traceparent)
  return asker ? trace.setSpanContext(ROOT_CONTEXT, { ...asker, isRemote: true }) : ROOT_CONTEXT
}

/** Logs when the collector stops taking spans, and when it takes them again. */
function telling(exporter: SpanExporter, log: Log): SpanExporter {
  let isAway = false
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const isFailed = result.error !== undefined
        if (isFailed && !isAway)
          log.warn({ reason: reasonOf(result.error) }, "traces are lost: their collector does not take them")
        if (!isFailed && isAway) log.info({}, "traces are taken again")
        isAway = isFailed
        done(result)
      }),
    shutdown: () => exporter.shutdown(),
  }
}
