import { readConfig } from "@engram/config/config"
import { reasonOf } from "@engram/contracts/errors"
import { endOnSignal } from "@engram/lifecycle/end-on-signal"
import { createLifecycle } from "@engram/lifecycle/lifecycle"
import { createLog } from "@engram/observability/log"
import { createMetrics } from "@engram/observability/metrics"
import { startStatusServer } from "@engram/observability/status-server"
import { openTracing } from "@engram/platform/open-tracing"
import { openPlatform } from "@engram/platform/platform"
import { startNightly } from "./start.ts"

const lifecycle = createLifecycle()
endOnSignal(lifecycle, (error) => console.error(reasonOf(error)))

try {
  const config = readConfig(process.env)
  const log = createLog({ level: config.logLevel, name: "nightly" })
  await openTracing(config, { service: "engram-nightly", log, lifecycle })
  const metrics = createMetrics({ processMetrics: true })
  const platform = await openPlatform(config, { name: "nightly", log, lifecycle })
  await startNightly({ config, platform, log, metrics, lifecycle })

  const { host, ports } = config
  const status = await startStatusServer({ host, port: ports.nightly, checks: platform.checks, metrics })
  lifecycle.own(status, (server) => server.close(), "the status server")
  lifecycle.own(status, (server) => server.stopping())
  log.info({ status: status.url }, "nightly ready")
} catch (error) {
  console.error(`engram nightly cannot start: ${reasonOf(error)}`)
  await lifecycle.close().catch(() => {})
  process.exit(1)
}
