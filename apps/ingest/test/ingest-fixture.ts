import { createHmac, randomUUID } from "node:crypto"
import type { DeliveryInbox } from "@engram/contracts/deliveries"
import type { Lane, Log } from "@engram/contracts/ports"
import type { Source } from "@engram/contracts/source"
import { createMetrics } from "@engram/observability/metrics"
import { type AcceptLimits, createAcceptor } from "@engram/pipeline/accept"
import { createWaker } from "@engram/pipeline/wake"
import { createApiKeyAdmin, createApiKeys } from "@engram/store/api-keys"
import { createConnectionAdmin } from "@engram/store/connection-admin"
import { createConnections } from "@engram/store/connections"
import { createDatabase, createPool, type Database } from "@engram/store/database"
import { createDeliveryInbox } from "@engram/store/deliveries"
import { createSealer } from "@engram/store/sealing"
import { createTestDatabase } from "@engram/testkit/database"
import { afterAll, beforeAll } from "vitest"
import { createIngestApp, type IngestApp, type IngestLimits } from "../src/app.ts"

/** A source as plain as they come: an HMAC, an id and an event, each in a header. */
const bell: Source = {
  name: "bell",
  contentTypes: ["application/json", "application/x-www-form-urlencoded"],
  keptHeaders: ["x-bell-event", "content-type"],
  deliveryKey: ({ headers }) => headers["x-bell-delivery"],
  isAuthentic: ({ headers, body }, secrets) =>
    secrets.some((secret) => sign(secret, body) === headers["x-bell-signature"]),
  handshake: ({ headers, body }) => {
    if (headers["x-bell-event"] === "who") return { answer: { it: "is Engram" } }
    return headers["x-bell-event"] === "secret" ? { secret: new TextDecoder().decode(body) } : undefined
  },
  secretFrom: "here",
  setup: "Ring it.",
  eventName: ({ headers }) => headers["x-bell-event"] ?? "unknown",
  normalize: () => ({ outcome: "skipped", reason: "a bell says nothing" }),
  render: () => {
    throw new Error("a bell has no documents")
  },
}

export const sign = (secret: string, body: Uint8Array | string): string =>
  createHmac("sha256", secret).update(body).digest("hex")

export const secretKey = "a key for tests, long enough"

export interface Harness {
  readonly database: Database
  readonly databaseUrl: string
  readonly url: string
  readonly app: IngestApp
  readonly woken: readonly Lane[]
  readonly logged: readonly string[]
  /** What was logged as an error, beside its words. */
  readonly errors: readonly object[]
  readonly door: { readonly id: string; readonly secret: string; readonly path: string }
  readonly metrics: ReturnType<typeof createMetrics>
}

export interface HarnessOptions {
  /** Whose door it is; the bell's unless said. */
  readonly source?: Source
  readonly limits?: Partial<IngestLimits>
  readonly acceptLimits?: Partial<AcceptLimits>
  readonly inbox?: (real: DeliveryInbox) => DeliveryInbox
  readonly statementTimeoutMs?: number
}

/** The whole door over real HTTP and a database of its own. */
export async function startIngest(options: HarnessOptions = {}): Promise<Harness & { stop(): Promise<void> }> {
  const { source = bell } = options
  const test = await createTestDatabase()
  const pool = createPool(test.url, { connectionsMax: 6, applicationName: "ingest-test", ...timeout(options) })
  const database = createDatabase(pool)
  const sealer = createSealer(secretKey)
  const { id, secrets } = await createConnectionAdmin({ database, sealer }).create({
    workspaceId: "acme",
    storeName: "engineering",
    source: source.name,
  })
  const woken: Lane[] = []
  const logged: string[] = []
  const say = (_: object, message: string) => void logged.push(message)
  const errors: object[] = []
  const error: Log["error"] = (fields, message) => {
    say(fields, message)
    errors.push(fields)
  }
  const log: Log = { debug: say, info: say, warn: say, error }
  const metrics = createMetrics()
  const real = createDeliveryInbox({ database })
  const inbox = options.inbox?.(real) ?? real
  const waker = createWaker({ queue: { wake: async (lane) => void woken.push(lane) }, log })
  const acceptor = createAcceptor({ inbox, waker, log, ...(options.acceptLimits && { limits: options.acceptLimits }) })
  const app = createIngestApp({
    sources: { [source.name]: source },
    connections: createConnections({ database, sealer }),
    apiKeys: createApiKeys({ database }),
    acceptor,
    inbox,
    checks: { postgres: database.check },
    metrics,
    log,
    ...(options.limits && { limits: options.limits }),
  })
  const url = await app.listen({ host: "127.0.0.1", port: 0 })
  return {
    ...{ database, databaseUrl: test.url, url, app, woken, logged, errors, metrics },
    door: { id, secret: secrets[0]!, path: `${url}/v1/webhooks/${source.name}/${id}` },
    stop: async () => {
      await app.stop()
      await pool.end()
      await test.drop()
    },
  }
}

const timeout = ({ statementTimeoutMs }: HarnessOptions) => (statementTimeoutMs ? { statementTimeoutMs } : {})

/** A door for one test file. Use it inside tests. */
export function useIngest(options: HarnessOptions = {}): Harness {
  const context = {} as Harness
  let stop: () => Promise<void>
  beforeAll(async () => {
    const harness = await startIngest(options)
    stop = harness.stop
    Object.assign(context, harness)
  })
  afterAll(() => stop?.())
  return context
}

export interface Ring {
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream
  readonly key?: string | null
  readonly secret?: string
  readonly signature?: string | null
  readonly path?: string
  readonly type?: string | null
  readonly event?: string
}

/** A signed delivery of the bell, right unless said otherwise. */
export function ring(door: Harness["door"], given: Ring = {}): Promise<Response> {
  const { body = '{"ring":true}', key = randomUUID(), type = "application/json" } = given
  const signature =
    given.signature === undefined && !(body instanceof ReadableStream)
      ? sign(given.secret ?? door.secret, body)
      : given.signature
  const headers = new Headers({ "x-bell-event": given.event ?? "rang" })
  if (key !== null) headers.set("x-bell-delivery", key)
  if (signature) headers.set("x-bell-signature", signature)
  if (type !== null) headers.set("content-type", type)
  const init = { method: "POST", headers, body, duplex: "half" }
  return fetch(given.path ?? door.path, init as RequestInit)
}

export const writeKey = async (database: Database, workspaceId = "acme", actions: ("write" | "search")[] = ["write"]) =>
  createApiKeyAdmin({ database }).create({ workspaceId, storeName: "engineering", name: "importer", actions })
