import { z } from "zod"
import { Refused, type StrictServer, startStrictServer } from "./strict-server.ts"

const Value = z.union([
  z.strictObject({ stringValue: z.string() }),
  z.strictObject({ intValue: z.union([z.number(), z.string()]) }),
  z.strictObject({ doubleValue: z.number() }),
])
const Attributes = z
  .array(z.strictObject({ key: z.string(), value: Value }))
  .transform((all) => Object.fromEntries(all.map(({ key, value }) => [key, Object.values(value)[0]])))
const id = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`))
const nanoseconds = z.string().regex(/^\d{19}$/)

/** What opentelemetry-proto says of a request, as far as spans without links and events go. */
const ExportTraceServiceRequest = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: Attributes }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: id(32),
              spanId: id(16),
              parentSpanId: id(16).optional(),
              name: z.string().min(1),
              kind: z.int().min(1).max(5),
              startTimeUnixNano: nanoseconds,
              endTimeUnixNano: nanoseconds,
              attributes: Attributes,
              status: z.object({ code: z.int().min(0).max(2), message: z.string().optional() }),
            }),
          ),
        }),
      ),
    }),
  ),
})

type Export = z.output<typeof ExportTraceServiceRequest>
export type CollectedSpan = Export["resourceSpans"][number]["scopeSpans"][number]["spans"][number] & {
  readonly service: string | number
}

export interface TraceCollector extends StrictServer {
  /** All that came, in the order they came in. */
  readonly spans: readonly CollectedSpan[]
}

/** A collector that takes OTLP over HTTP, in JSON, and nothing else: 404 for other paths, 400 for what the protocol does not say. */
export async function startTraceCollector(): Promise<TraceCollector> {
  const spans: CollectedSpan[] = []
  const server = await startStrictServer(
    ({ method, path, headers, body }) => {
      if (method !== "POST" || path !== "/v1/traces")
        throw new Refused(404, { message: `nothing at ${method} ${path}` })
      if (headers["content-type"] !== "application/json") throw new Refused(415, { message: "not JSON" })
      const read = ExportTraceServiceRequest.safeParse(JSON.parse(body))
      if (!read.success) throw new Refused(400, { message: z.prettifyError(read.error) })
      for (const { resource, scopeSpans } of read.data.resourceSpans) {
        const service = resource.attributes["service.name"]!
        spans.push(...scopeSpans.flatMap((scope) => scope.spans.map((span) => ({ ...span, service }))))
      }
      return { status: 200, body: {} }
    },
    (_status, message) => ({ message }),
  )
  return Object.assign(server, { spans })
}
