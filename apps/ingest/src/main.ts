import { readConfig } from "@engram/config/config"
import { secretKeyOf } from "@engram/config/secret-key"
import { reasonOf } from "@engram/contracts/errors"
import { endOnSignal } from "@engram/lifecycle/end-on-signal"
import { createLifecycle } from "@engram/lifecycle/lifecycle"
import { createLog } from "@engram/observability/log"
import { createMetrics } from "@engram/observability/metrics"
import { openDatabase } from "@engram/platform/open-database"
import { openQueue } from "@engram/platform/open-queue"
import { openTracing } from "@engram/platform/open-tracing"
import { startIngest } from "./start.ts"

const lifecycle = createLifecycle()
endOnSignal(lifecycle, (error) => console.error(reasonOf(error)))

try {
  const config = readConfig(process.env)
  const log = createLog({ level: config.logLevel, name: "ingest" })
  await openTracing(config, { service: "engram-ingest", log, lifecycle })
  const metrics = createMetrics({ processMetrics: true })

  const { database, databaseUrl } = await openDatabase({
    config,
    lifecycle,
    applicationName: "engram-ingest",
    connectionsMax: 8,
    // Nothing the door asks takes long; what does is given up while the sender still waits.
    statementTimeoutMs: 8_000,
  })
  const queue = await openQueue({ config, databaseUrl, lifecycle, log })
  const secretKey = await secretKeyOf(config)

  const url = await startIngest({ config, database, queue, secretKey, log, metrics, lifecycle })
  log.info({ url }, "listening")
} catch (error) {
  console.error(`engram ingest cannot start: ${reasonOf(error)}`)
  await lifecycle.close().catch(() => {})
  process.exit(1)
}
