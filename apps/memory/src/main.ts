import { resolve } from "node:path"
import { readConfig } from "@engram/config/config"
import { reasonOf } from "@engram/contracts/errors"
import { createLifecycle } from "@engram/lifecycle/lifecycle"
import { createLog } from "@engram/observability/log"
import { createMetrics } from "@engram/observability/metrics"
import { databaseUrlOf, openDatabase } from "@engram/platform/open-database"
import { openCache, openEmbedder, openVectors } from "@engram/platform/open-ports"
import { startSearch } from "./start.ts"

const lifecycle = createLifecycle()

const stop = async (exitCode: number): Promise<never> => {
  await lifecycle.close().catch((error) => console.error(reasonOf(error)))
  process.exit(exitCode)
}

try {
  const settings = readConfig(process.env)
  const config = { ...settings, dataDir: resolve(settings.dataDir) }
  const log = createLog({ level: config.logLevel, name: "memory" })
  const metrics = createMetrics({ processMetrics: true })

  process.once("SIGTERM", () => void stop(0))
  process.once("SIGINT", () => void stop(0))

  const database = await openDatabase({
    url: await databaseUrlOf(config, lifecycle),
    embedded: config.databaseUrl === undefined,
    lifecycle,
    applicationName: "engram-memory",
    connectionsMax: 10,
    // A reader does not wait longer.
    statementTimeoutMs: 8_000,
  })
  const url = await startSearch({
    config,
    database,
    embedder: openEmbedder(config),
    index: openVectors(config, lifecycle),
    cache: openCache(config, { log, lifecycle }),
    log,
    metrics,
    lifecycle,
  })
  log.info({ url }, "listening")
} catch (error) {
  console.error(`engram memory cannot start: ${reasonOf(error)}`)
  await stop(1)
}
