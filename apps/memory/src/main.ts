import { readConfig } from "@engram/config/config"
import { reasonOf } from "@engram/contracts/errors"
import { endOnSignal } from "@engram/lifecycle/end-on-signal"
import { createLifecycle } from "@engram/lifecycle/lifecycle"
import { createLog } from "@engram/observability/log"
import { meterIndex } from "@engram/observability/metered-index"
import { createMetrics } from "@engram/observability/metrics"
import { openDatabase } from "@engram/platform/open-database"
import { modelOf, openCache, openEmbedders, openVectors } from "@engram/platform/open-ports"
import { openQueue } from "@engram/platform/open-queue"
import { openTracing } from "@engram/platform/open-tracing"
import { startSearch } from "./start.ts"
import { startMemoryPlugin } from "./start-plugin.ts"

const lifecycle = createLifecycle()
endOnSignal(lifecycle, (error) => console.error(reasonOf(error)))

try {
  const config = readConfig(process.env)
  const log = createLog({ level: config.logLevel, name: "memory" })
  await openTracing(config, { service: "engram-memory", log, lifecycle })
  const metrics = createMetrics({ processMetrics: true })

  const { database, databaseUrl } = await openDatabase({
    config,
    lifecycle,
    applicationName: "engram-memory",
    connectionsMax: 16,
    // A reader does not wait longer.
    statementTimeoutMs: 8_000,
  })
  const embedderOf = openEmbedders(config)
  const parts = {
    config,
    database,
    embedder: await embedderOf(modelOf(config)),
    embedderOf,
    index: meterIndex(await openVectors(config, lifecycle), metrics),
    log,
    metrics,
    lifecycle,
  }
  const queue = await openQueue({ config, databaseUrl, lifecycle, log })
  const plugin = await startMemoryPlugin({ ...parts, queue })
  const url = await startSearch({ ...parts, cache: await openCache(config, { log, lifecycle }) })
  log.info({ url, plugin }, "listening")
} catch (error) {
  console.error(`engram memory cannot start: ${reasonOf(error)}`)
  await lifecycle.close().catch(() => {})
  process.exit(1)
}
