import type { Config } from "@engram/config/config"
import type { Log } from "@engram/contracts/ports"
import type { Lifecycle } from "@engram/lifecycle/lifecycle"
import type { Metrics } from "@engram/observability/metrics"
import { openWebhookLogs } from "@engram/platform/open-webhook-logs"
import type { Platform } from "@engram/platform/platform"
import { sources } from "@engram/sources/registry"
import { createConnections } from "@engram/store/connections"
import { createRepairLedger } from "@engram/store/repair-ledger"
import { createSealer } from "@engram/store/sealing"
import { startFleet } from "./fleet.ts"
import { createMeters } from "./meters.ts"

/** Puts the fleet together and starts it. */
export async function startWorker(parts: {
  readonly config: Config
  readonly platform: Platform
  readonly secretKey: string
  readonly log: Log
  readonly metrics: Metrics
  readonly lifecycle: Lifecycle
}): Promise<void> {
  const { config, platform, secretKey, log, metrics, lifecycle } = parts
  const sealed = { database: platform.database, sealer: createSealer(secretKey) }
  const fleet = await startFleet({
    ...platform,
    sources,
    connections: createConnections(sealed),
    log,
    secretKey,
    meters: createMeters(metrics),
    stages: config.stages,
    concurrency: config.workerConcurrency,
    leaseMs: config.workerLeaseMs,
    repairs: {
      ledger: createRepairLedger(sealed),
      open: (connection) => openWebhookLogs(config, connection),
      onAsked: (deliveries) => metrics.redelivered.inc(deliveries),
    },
  })
  lifecycle.own(fleet, (running) => running.close(), "the fleet")
}
