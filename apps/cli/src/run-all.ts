import type { Config } from "@engram/config/config"
import { secretKeyOf } from "@engram/config/secret-key"
import type { Log } from "@engram/contracts/ports"
import { startIngest } from "@engram/ingest/start"
import type { Lifecycle } from "@engram/lifecycle/lifecycle"
import { startSearch } from "@engram/memory/start"
import { startMemoryPlugin } from "@engram/memory/start-plugin"
import { createNightMeters } from "@engram/nightly/meters"
import { openNight } from "@engram/nightly/open-night"
import { startNights } from "@engram/nightly/start"
import { meterIndex } from "@engram/observability/metered-index"
import { createMetrics, type Metrics } from "@engram/observability/metrics"
import { startStatusServer } from "@engram/observability/status-server"
import { keepEmbeddedPostgres } from "@engram/platform/keep-embedded-postgres"
import { openDatabase } from "@engram/platform/open-database"
import { openNightQueue } from "@engram/platform/open-queue"
import { openWebhookLogs } from "@engram/platform/open-webhook-logs"
import { openPlatform, type Platform, type PlatformOptions } from "@engram/platform/platform"
import { sources } from "@engram/sources/registry"
import { createConnections } from "@engram/store/connections"
import { createNightLedger } from "@engram/store/consolidation/night-ledger"
import { createRepairLedger } from "@engram/store/repair-ledger"
import { createSealer } from "@engram/store/sealing"
import { startFleet } from "@engram/worker/fleet"
import { createMeters } from "@engram/worker/meters"

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
  const metrics = createMetrics({ processMetrics: true })
  const prefix = parts.queuePrefix ? { prefix: parts.queuePrefix } : {}
  const options: PlatformOptions = {
    name: "up",
    log,
    lifecycle,
    onTurn: ({ stage, outcome, ms }) => metrics.turnSeconds.observe({ stage, outcome }, ms / 1_000),
    ...prefix,
  }
  const opened = await openPlatform(config, options)
  await keepEmbeddedPostgres(config, { lifecycle, log })
  const platform = { ...opened, index: meterIndex(opened.index, metrics) }
  const secretKey = await secretKeyOf(config)
  const connections = createConnections({ database: platform.database, sealer: createSealer(secretKey) })
  const fleet = await startFleet({
    ...platform,
    sources,
    connections,
    log,
    secretKey,
    meters: createMeters(metrics),
    stages: config.stages,
    concurrency: config.workerConcurrency,
    leaseMs: config.workerLeaseMs,
    repairs: {
      ledger: createRepairLedger({ ...platform, sealer: createSealer(secretKey) }),
      open: (connection) => openWebhookLogs(config, connection),
      onAsked: (deliveries) => metrics.redelivered.inc(deliveries),
    },
  })
  lifecycle.own(fleet, (running) => running.close(), "the fleet")
  const nights = await startNights({
    ...openNight({ ...platform, log, leaseMs: config.workerLeaseMs, stepTimeoutMs: config.nightStepTimeoutMs }),
    ledger: createNightLedger(platform),
    queue: await openNightQueue({ config, databaseUrl: platform.databaseUrl, lifecycle, log, ...prefix }),
    rules: config.nightWindow,
    log,
    meters: createNightMeters(metrics),
  })
  lifecycle.own(nights, (running) => running.close(), "the nights")

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
