import { createDoor } from "@engram/bodies/door"
import type { ApiKeys } from "@engram/contracts/deliveries"
import type { Log } from "@engram/contracts/ports"
import { type Checks, readiness } from "@engram/observability/health"
import type { Metrics } from "@engram/observability/metrics"
import { requireKey } from "./authenticate.ts"
import { type DocumentRouteDeps, serveDocuments } from "./document-route.ts"
import { type NeighbourhoodRouteDeps, serveNeighbourhoods } from "./neighbourhood-route.ts"
import { answerRefusal } from "./refusal.ts"
import { type SearchRouteDeps, serveSearch } from "./search-route.ts"

export interface SearchAppDeps extends Omit<SearchRouteDeps, "answerMs">, DocumentRouteDeps, NeighbourhoodRouteDeps {
  readonly apiKeys: ApiKeys
  /** Without these there are no answers; the cache is not among them. */
  readonly checks: Checks
  readonly metrics: Metrics
  readonly log: Log
  readonly limits?: Partial<SearchLimits>
}

export interface SearchLimits {
  /** The longest question in the longest escapes is 48 KB, and there are filters. */
  readonly bodyBytesMax: number
  /** From a request's first byte to its body's last. */
  readonly requestMs: number
  /** From its body's last byte to the answer. */
  readonly answerMs: number
  readonly connectionsMax: number
  /** How long requests under way may take to finish once the process stops. */
  readonly stopMs: number
}

export const searchLimits: SearchLimits = {
  bodyBytesMax: 128 * 1024,
  requestMs: 10_000,
  answerMs: 10_000,
  connectionsMax: 2_000,
  stopMs: 12_000,
}

export interface SearchApp {
  /** Resolves to its URL once it takes requests. Port 0 is any free one. */
  listen(address: { readonly host: string; readonly port: number }): Promise<string>
  /** Readiness fails, listening ends, requests under way get their answers, connections close; all within `stopMs`. */
  stop(): Promise<void>
}

/** The door for readers: every answer belongs to the workspace, the store and the scopes of an API key. */
export function createSearchApp(deps: SearchAppDeps): SearchApp {
  const limits = { ...searchLimits, ...deps.limits }
  const { app, isStopping, stop } = createDoor({
    requestMs: limits.requestMs,
    stopMs: limits.stopMs,
    bodyLimit: limits.bodyBytesMax,
    answerError: (error, request, reply) => answerRefusal(error, request, reply, deps),
    onRefused: (status) => deps.metrics.refused.inc({ status: String(status) }),
  })
  app.server.maxConnections = limits.connectionsMax
  app.removeContentTypeParser("text/plain")

  app.get("/health/live", () => ({ live: true }))
  app.get("/health/ready", async (_, reply) => {
    const { status, body } = await readiness({ checks: deps.checks, isStopping })
    return reply.code(status).send(body)
  })
  app.get("/metrics", async (_, reply) => reply.type(deps.metrics.contentType).send(await deps.metrics.text()))
  app.register(async (keyed) => {
    requireKey(keyed, deps.apiKeys)
    serveSearch(keyed, { ...deps, answerMs: limits.answerMs })
    serveDocuments(keyed, deps)
    serveNeighbourhoods(keyed, deps)
  })

  return {
    listen: ({ host, port }) => app.listen({ host, port }),
    stop,
  }
}
