import { maxHeaderSize } from "node:http"
import { createBodyBudget } from "@engram/bodies/body-budget"
import { createDoor } from "@engram/bodies/door"
import type { MemoryLedger, MemoryPlace } from "@engram/contracts/memory-ledger"
import type { Log } from "@engram/contracts/ports"
import type { Checks } from "@engram/observability/health"
import type { Metrics } from "@engram/observability/metrics"
import type { FastifyInstance } from "fastify"
import { answerFailure, Failure } from "./failure.ts"
import { openApiOf } from "./openapi.ts"
import type { Operation } from "./operation.ts"
import { readBodies } from "./read-body.ts"
import { deleteMemory } from "./routes/delete-memory.ts"
import { deleteNamespace } from "./routes/delete-namespace.ts"
import { health } from "./routes/health.ts"
import { patchNamespace } from "./routes/patch-namespace.ts"
import { putNamespace } from "./routes/put-namespace.ts"
import { type SearchDeps, searchRoute } from "./routes/search.ts"
import { type WriteDeps, writeMemory } from "./routes/write-memory.ts"

export interface PluginDeps extends WriteDeps, Pick<SearchDeps, "search"> {
  readonly place: MemoryPlace
  readonly ledger: MemoryLedger
  /** Something is owed to the index. */
  readonly onOwed: () => void
  /** What the answers rest on. */
  readonly checks: Checks
  readonly metrics: Metrics
  readonly log: Log
  readonly limits?: Partial<PluginLimits>
}

export interface PluginLimits {
  /** A million characters in the longest escapes are 6 MB. */
  readonly bodyBytesMax: number
  /** What all bodies in flight may take together, with what is made of them. */
  readonly bodiesBytesMax: number
  readonly requestMs: number
  readonly connectionsMax: number
  /** How long requests under way may take to finish once the process stops. */
  readonly stopMs: number
}

const pluginLimits: PluginLimits = {
  bodyBytesMax: 8 * 1024 * 1024,
  bodiesBytesMax: 256 * 1024 * 1024,
  requestMs: 30_000,
  connectionsMax: 2_000,
  stopMs: 12_000,
}

export type PluginAddress = { readonly host: string; readonly port: number } | { readonly path: string }

export interface PluginApp {
  readonly operations: readonly Operation[]
  readonly http: FastifyInstance
  /** Resolves to its URL, or to the socket's path, once it takes requests. Port 0 is any free one. */
  listen(address: PluginAddress): Promise<string>
  /** Health fails, listening ends, requests under way get their answers, connections close; all within `stopMs`. */
  stop(): Promise<void>
}

/** The memory-plugin contract, version 1, for one workspace and store. It knows no users: whoever reaches it may do everything. */
export function createPluginApp(deps: PluginDeps): PluginApp {
  const limits = { ...pluginLimits, ...deps.limits }
  const { app, isStopping, stop } = createDoor({
    requestMs: limits.requestMs,
    stopMs: limits.stopMs,
    // Read and refused in read-body.ts, whatever the header says.
    bodyLimit: Number.MAX_SAFE_INTEGER,
    // No longer than a request may be, so that each name is judged by the route.
    routerOptions: { maxParamLength: maxHeaderSize },
    answerError: (error, request, reply) => answerFailure(error, request, reply, deps),
    onRefused: (status) => deps.metrics.refused.inc({ status: String(status) }),
    onEnded: ({ routeOptions: { config } }, status, tookMs) => {
      if (config.endpoint === undefined) return
      const labels = { endpoint: config.endpoint, status: String(status) }
      deps.metrics.memoryRequestSeconds.observe(labels, tookMs / 1_000)
    },
  })
  app.server.maxConnections = limits.connectionsMax

  const budget = createBodyBudget(limits.bodiesBytesMax, (held) => deps.metrics.bodyBytesHeld.set(held))
  readBodies(app, { bytesMax: limits.bodyBytesMax, budget })
  refuseWebPages(app)

  const operations = [
    health({ checks: deps.checks, isStopping }),
    putNamespace(deps),
    patchNamespace(deps),
    deleteNamespace(deps),
    writeMemory(deps),
    searchRoute(deps),
    deleteMemory({ ...deps, onRemoved: deps.onOwed }),
  ]
  for (const { method, path, name, handle } of operations) {
    app.route({
      method,
      url: path.replace(/\{(\w+)\}/g, ":$1"),
      config: { endpoint: name },
      handler: (request, reply) => handle(request as Parameters<typeof handle>[0], reply),
    })
  }
  const openApi = openApiOf(operations)
  app.get("/v1/openapi.json", () => openApi)
  app.get("/metrics", async (_, reply) => reply.type(deps.metrics.contentType).send(await deps.metrics.text()))

  return {
    operations,
    http: app,
    listen: (address) => app.listen(address),
    stop,
  }
}

declare module "fastify" {
  interface FastifyContextConfig {
    endpoint?: string
  }
}

/** There is no authentication, so any page in a browser on this machine could write and read here; browsers say who asks. */
function refuseWebPages(app: FastifyInstance): void {
  app.addHook("onRequest", async ({ headers }) => {
    if (headers.origin !== undefined) throw new Failure("forbidden", "web pages may not use the memory plugin")
  })
}
