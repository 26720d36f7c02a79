import { createBodyBudget } from "@engram/bodies/body-budget"
import { createDoor } from "@engram/bodies/door"
import type { ApiKeys, Connections, DeliveryInbox } from "@engram/contracts/deliveries"
import type { Log } from "@engram/contracts/ports"
import type { Source } from "@engram/contracts/source"
import type { Checks } from "@engram/observability/health"
import type { Metrics } from "@engram/observability/metrics"
import type { Acceptor } from "@engram/pipeline/accept"
import { serveEvents } from "./events.ts"
import { serveHealth } from "./health.ts"
import { type Listening, listen } from "./listeners.ts"
import { answerRefusal } from "./refusal.ts"
import { serveWebhooks } from "./webhooks.ts"

export interface IngestDeps {
  readonly sources: { readonly [name: string]: Source }
  readonly connections: Connections
  readonly apiKeys: ApiKeys
  readonly acceptor: Acceptor
  readonly inbox: Pick<DeliveryInbox, "backlog">
  readonly checks: Checks
  readonly metrics: Metrics
  readonly log: Log
  readonly limits?: Partial<IngestLimits>
}

export interface IngestLimits {
  /** GitHub sends nothing larger: 25 MB, by its documentation of webhook payloads. */
  readonly bodyBytesMax: number
  /** All bodies in flight together. */
  readonly bodiesBytesMax: number
  readonly eventsMax: number
  readonly backlogMax: number
  /** From a request's first byte to its body's last, waiting for memory included. */
  readonly requestMs: number
  readonly connectionsMax: number
  /** How long requests under way may take to finish once the process stops. */
  readonly stopMs: number
}

export const ingestLimits: IngestLimits = {
  bodyBytesMax: 25 * 1024 * 1024,
  bodiesBytesMax: 256 * 1024 * 1024,
  eventsMax: 10_000,
  backlogMax: 50_000,
  requestMs: 30_000,
  connectionsMax: 10_000,
  stopMs: 12_000,
}

export interface IngestApp {
  /** Resolves to its URL once it takes requests. Port 0 is any free one. */
  listen(address: { readonly host: string; readonly port: number }): Promise<string>
  /** Readiness fails, listening ends, requests under way get their answers, connections close; all within `stopMs`. */
  stop(): Promise<void>
}

/** The door for deliveries: verify, keep, answer. Nothing is parsed beyond what that needs. */
export function createIngestApp(deps: IngestDeps): IngestApp {
  const limits = { ...ingestLimits, ...deps.limits }
  const budget = createBodyBudget(limits.bodiesBytesMax, (held) => deps.metrics.bodyBytesHeld.set(held))
  let listening: Listening | undefined

  const { app, isStopping, stop } = createDoor({
    requestMs: limits.requestMs,
    stopMs: limits.stopMs,
    answerError: (error, request, reply) => answerRefusal(error, request, reply, deps),
    onRefused: (status) => deps.metrics.refused.inc({ status: String(status) }),
  })
  // Bodies are read by the routes, as bytes, once the request has shown that it is worth the memory.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser("*", (_request, _payload, done) => done(null))

  serveHealth(app, { checks: deps.checks, isStopping })
  app.get("/metrics", async (_, reply) => reply.type(deps.metrics.contentType).send(await deps.metrics.text()))
  serveWebhooks(app, { ...deps, ...limits, budget })
  serveEvents(app, { ...deps, ...limits, budget })

  return {
    listen: async (address) => {
      listening = await listen(app, address, limits)
      return listening.url
    },
    stop: async () => {
      await stop(async () => listening?.close())
      await deps.acceptor.drain()
    },
  }
}
