import { readConfig } from "@engram/config/config"
import { secretKeyOf } from "@engram/config/secret-key"
import { reasonOf } from "@engram/contracts/errors"
import { endOnSignal } from "@engram/lifecycle/end-on-signal"
import { createLifecycle } from "@engram/lifecycle/lifecycle"
import { createLog } from "@engram/observability/log"
import { meterIndex } from "@engram/observability/metered-index"
import { createMetrics } from "@engram/observability/metrics"
import { startStatusServer } from "@engram/observability/status-server"
import { openWebhookLogs } from "@engram/platform/open-webhook-logs"
import { openPlatform } from "@engram/platform/platform"
import { sources } from "@engram/sources/registry"
import { createConnections } from "@engram/store/connections"
import { createRepairLedger } from "@engram/store/repair-ledger"
import { createSealer } from "@engram/store/sealing"
import { startFleet } from "./fleet.ts"
import { createMeters } from "./meters.ts"

const lifecycle = createLifecycle()
endOnSignal(lifecycle, (error) => console.error(reasonOf(error)))

try {
  const config = readConfig(process.env)
  const log = createLog({ level: config.logLevel, name: "worker" })
  const metrics = createMetrics({ processMetrics: true })
  const platform = await openPlatform(config, {
    name: "worker",
    log,
    lifecycle,
    onTurn: ({ stage, outcome, ms }) => metrics.turnSeconds.observe({ stage, outcome }, ms / 1_000),
  })
  const secretKey = await secretKeyOf(config)
  const sealer = createSealer(secretKey)
  const connections = createConnections({ database: platform.database, sealer })
  await connections.checkSecretKey((error) => log.error({ reason: reasonOf(error) }, "some connections cannot be used"))
  const fleet = await startFleet({
    ...platform,
    index: meterIndex(platform.index, metrics),
    sources,
    connections,
    log,
    secretKey,
    meters: createMeters(metrics),
    stages: config.stages,
    concurrency: config.workerConcurrency,
    leaseMs: config.workerLeaseMs,
    repairs: {
      ledger: createRepairLedger({ ...platform, sealer }),
      open: (connection) => openWebhookLogs(config, connection),
      onAsked: (deliveries) => metrics.redelivered.inc(deliveries),
    },
  })
  lifecycle.own(fleet, (running) => running.close(), "the fleet")

  const status = await startStatusServer({
    host: config.host,
    port: config.ports.worker,
    checks: platform.checks,
    metrics,
  })
  lifecycle.own(status, (server) => server.close(), "the status server")
  lifecycle.own(status, (server) => server.stopping())
  log.info({ stages: config.stages, status: status.url }, "worker ready")
} catch (error) {
  console.error(`engram worker cannot start: ${reasonOf(error)}`)
  await lifecycle.close().catch(() => {})
  process.exit(1)
}
