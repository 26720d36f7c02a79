import { createIngestApp } from "@engram/ingest/app"
import { createMetrics } from "@engram/observability/metrics"
import { createAcceptor } from "@engram/pipeline/accept"
import { createWaker } from "@engram/pipeline/wake"
import { createLaneQueue } from "@engram/queue/lane-queue"
import { sources } from "@engram/sources/registry"
import { createApiKeys } from "@engram/store/api-keys"
import { createConnections } from "@engram/store/connections"
import { createDatabase, createPool } from "@engram/store/database"
import { createDeliveryInbox } from "@engram/store/deliveries"
import { createSealer } from "@engram/store/sealing"

const log = { debug() {}, info() {}, warn: console.error, error: console.error }
const databaseUrl = process.env.DATABASE_URL!
const database = createDatabase(createPool(databaseUrl, { connectionsMax: 8, applicationName: "ingest" }))
const queue = await createLaneQueue(process.env.REDIS_URL ? { redisUrl: process.env.REDIS_URL } : { databaseUrl }, log)
const inbox = createDeliveryInbox({ database })
const app = createIngestApp({
  sources,
  connections: createConnections({ database, sealer: createSealer(process.env.ENGRAM_SECRET_KEY!) }),
  apiKeys: createApiKeys({ database }),
  acceptor: createAcceptor({ inbox, waker: createWaker({ queue, log }), log }),
  inbox,
  checks: {},
  metrics: createMetrics(),
  log,
})
console.log(JSON.stringify({ url: await app.listen({ host: "127.0.0.1", port: 0 }) }))
process.once("SIGTERM", () => void app.stop().then(() => process.exit(0)))
