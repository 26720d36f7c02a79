import type { Config } from "@engram/config/config"
import { reasonOf } from "@engram/contracts/errors"
import type { LaneQueue, Log } from "@engram/contracts/ports"
import type { Lifecycle } from "@engram/lifecycle/lifecycle"
import type { Metrics } from "@engram/observability/metrics"
import { createAcceptor } from "@engram/pipeline/accept"
import { createWaker } from "@engram/pipeline/wake"
import { sources } from "@engram/sources/registry"
import { createApiKeys } from "@engram/store/api-keys"
import { createConnections } from "@engram/store/connections"
import type { Database } from "@engram/store/database"
import { createDeliveryInbox } from "@engram/store/deliveries"
import { createSealer } from "@engram/store/sealing"
import { createIngestApp } from "./app.ts"

/** Puts the door together and opens it; gives its URL. Throws when ENGRAM_SECRET_KEY opens none of the stored secrets. */
export async function startIngest(parts: {
  readonly config: Pick<Config, "host" | "ports" | "ingestBodiesBytesMax" | "ingestBacklogMax">
  readonly database: Database
  readonly queue: LaneQueue
  readonly secretKey: string
  readonly log: Log
  readonly metrics: Metrics
  readonly lifecycle: Lifecycle
}): Promise<string> {
  const { config, database, queue, log, metrics, lifecycle } = parts
  const connections = createConnections({ database, sealer: createSealer(parts.secretKey) })
  await connections.checkSecretKey((error) => log.error({ reason: reasonOf(error) }, "some connections cannot be used"))

  const inbox = createDeliveryInbox({ database })
  const waker = lifecycle.own(createWaker({ queue, log }), (waker) => waker.settled(), "the wake-up calls")
  const acceptor = createAcceptor({ inbox, waker, log, onBatch: (rows) => metrics.acceptBatchRows.observe(rows) })
  const app = createIngestApp({
    sources,
    connections,
    apiKeys: createApiKeys({ database }),
    acceptor,
    inbox,
    checks: { postgres: database.check, queue: queue.check },
    metrics,
    log,
    limits: { bodiesBytesMax: config.ingestBodiesBytesMax, backlogMax: config.ingestBacklogMax },
  })
  lifecycle.own(app, (app) => app.stop(), "the ingest door")
  return app.listen({ host: config.host, port: config.ports.ingest })
}
