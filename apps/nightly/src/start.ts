import type { Config } from "@engram/config/config"
import type { Log } from "@engram/contracts/ports"
import type { Lifecycle } from "@engram/lifecycle/lifecycle"
import type { Metrics } from "@engram/observability/metrics"
import { openNightQueue } from "@engram/platform/open-queue"
import type { Platform } from "@engram/platform/platform"
import { createNightLedger } from "@engram/store/consolidation/night-ledger"
import { createNightMeters } from "./meters.ts"
import { startNights } from "./nights.ts"
import { openNight } from "./open-night.ts"

/** Puts the nights together and starts them. */
export async function startNightly(parts: {
  readonly config: Config
  readonly platform: Platform
  readonly log: Log
  readonly metrics: Metrics
  readonly lifecycle: Lifecycle
  /** The queue is named `{prefix}-nights`; `engram` by default. */
  readonly prefix?: string
}): Promise<void> {
  const { config, platform, log, metrics, lifecycle, ...prefix } = parts
  const nights = await startNights({
    ...openNight({ ...platform, log, leaseMs: config.workerLeaseMs, stepTimeoutMs: config.nightStepTimeoutMs }),
    ledger: createNightLedger(platform),
    queue: await openNightQueue({ config, databaseUrl: platform.databaseUrl, lifecycle, log, ...prefix }),
    rules: config.nightWindow,
    log,
    meters: createNightMeters(metrics),
  })
  lifecycle.own(nights, (running) => running.close(), "the nights")
}
