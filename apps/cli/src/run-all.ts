import type { Config } from "@engram/config/config"
import { secretKeyOf } from "@engram/config/secret-key"
import type { Log } from "@engram/contracts/ports"
import { startIngest } from "@engram/ingest/start"
import type { Lifecycle } from "@engram/lifecycle/lifecycle"
import { startSearch } from "@engram/memory/start"
import { startMemoryPlugin } from "@engram/memory/start-plugin"
import { startNightly } from "@engram/nightly/start"
import { meterIndex } from "@engram/observability/metered-index"
import { createMetrics, type Metrics } from "@engram/observability/metrics"
import { startStatusServer } from "@engram/observability/status-server"
import { keepEmbeddedPostgres } from "@engram/platform/keep-embedded-postgres"
import { openDatabase } from "@engram/platform/open-database"
import { openTracing } from "@engram/platform/open-tracing"
import { openPlatform, type Platform } from "@engram/platform/platform"
import { onTurn } from "@engram/worker/meters"
import { startWorker } from "@engram/worker/start"

export interface Running {
  readonly platform: Platform
  readonly metrics: Metrics
  readonly secretKey: string
  readonly urls: { readonly ingest: string; readonly search: string; readonly memory?: string; readonly status: string }
}

/** Everything in this process: the worker fleet and the nights first, then the doors, so that they close before what they feed. */
export async function runAll(parts: {
  readonly config: Config
  readonly lifecycle: Lifecycle
  readonly log: Log
  readonly queuePrefix?: string
  /** Whether the memory plugin is served too; it makes its own workspace and store. */
  readonly memoryPlugin: boolean
}): Promise<Running> {
  const { config, lifecycle, log } = parts
  await openTracing(config, { service: "engram", log, lifecycle })
  const metrics = createMetrics({ processMetrics: true })
  const prefix = parts.queuePrefix ? { prefix: parts.queuePrefix } : {}
  const opened = await openPlatform(config, { name: "up", log, lifecycle, onTurn: onTurn(metrics), ...prefix })
  await keepEmbeddedPostgres(config, { lifecycle, log })
  const platform = { ...opened, index: meterIndex(opened.index, metrics) }
  const secretKey = await secretKeyOf(config)
  await startWorker({ config, platform, secretKey, log, metrics, lifecycle })
  await startNightly({ config, platform, log, metrics, lifecycle, ...prefix })

  const { host, ports } = config
  const status = await startStatusServer({ host, port: ports.worker, checks: platform.checks, metrics })
  lifecycle.own(status, (server) => server.close(), "the status server")
  // Connections of their own: a busy fleet must not keep the doors waiting.
  const connectionsOf = async (applicationName: string) => {
    const known = { ...config, databaseUrl: platform.databaseUrl }
    const settings = { applicationName, connectionsMax: 8, statementTimeoutMs: 8_000 }
    return (await openDatabase({ config: known, lifecycle, ...settings })).database
  }
  const door = { config, queue: platform.queue, log, metrics, lifecycle }
  const ingest = await startIngest({ ...door, database: await connectionsOf("engram-ingest"), secretKey })
  const search = await startSearch({ ...platform, config, log, metrics, lifecycle })
  const memory =
    parts.memoryPlugin &&
    (await startMemoryPlugin({ ...platform, ...door, database: await connectionsOf("engram-memory") }))
  // Owned last, so it is the first to hear: not ready any more, while the doors answer what they have taken.
  lifecycle.own(status, (server) => server.stopping())
  const urls = { ingest, search, status: status.url, ...(memory && { memory }) }
  return { platform, metrics, secretKey, urls }
}
