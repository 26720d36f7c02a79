import { readConfig } from "@engram/config/config"
import { secretKeyOf } from "@engram/config/secret-key"
import { reasonOf } from "@engram/contracts/errors"
import { endOnSignal } from "@engram/lifecycle/end-on-signal"
import { createLifecycle } from "@engram/lifecycle/lifecycle"
import { createLog } from "@engram/observability/log"
import { meterIndex } from "@engram/observability/metered-index"
import { createMetrics } from "@engram/observability/metrics"
import { startStatusServer } from "@engram/observability/status-server"
import { openTracing } from "@engram/platform/open-tracing"
import { openPlatform } from "@engram/platform/platform"
import { createConnections } from "@engram/store/connections"
import { createSealer } from "@engram/store/sealing"
import { onTurn } from "./meters.ts"
import { startWorker } from "./start.ts"

const lifecycle = createLifecycle()
endOnSignal(lifecycle, (error) => console.error(reasonOf(error)))

try {
  const config = readConfig(process.env)
  const log = createLog({ level: config.logLevel, name: "worker" })
  await openTracing(config, { service: "engram-worker", log, lifecycle })
  const metrics = createMetrics({ processMetrics: true })
  const opened = await openPlatform(config, { name: "worker", log, lifecycle, onTurn: onTurn(metrics) })
  const platform = { ...opened, index: meterIndex(opened.index, metrics) }
  const secretKey = await secretKeyOf(config)
  const connections = createConnections({ ...platform, sealer: createSealer(secretKey) })
  await connections.checkSecretKey((error) => log.error({ reason: reasonOf(error) }, "some connections cannot be used"))
  await startWorker({ config, platform, secretKey, log, metrics, lifecycle })

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
