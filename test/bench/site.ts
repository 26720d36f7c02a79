import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { migrate } from "@engram/db/migrate"
import { ensureDatabase, ensureEmbeddedPostgres } from "@engram/embedded-postgres/embedded-postgres"
import { createConnectionAdmin } from "@engram/store/connection-admin"
import { createDatabase, createPool } from "@engram/store/database"
import { createSealer } from "@engram/store/sealing"
import { startRedis } from "@engram/testkit/redis"
import pg from "pg"
import { type App, startOf } from "../start-of.ts"
import { type Child, startChild } from "./child.ts"
import { type MixedSource, mixedSources } from "./mixed-load.ts"

export const workspaceId = "bench"
export const secret = "the bench's webhook secret"
const secretKey = "the bench's sealing key, 16 or more"

/** The machine under test: one embedded Postgres as it comes, one Redis, and a directory for everything else. */
export interface Site {
  /** Removed with the site. */
  readonly directory: string
  /** The process of Postgres. */
  readonly serverPid: number
  /** An empty database on the server, with the product's schema or with none. */
  database(schema: "engram" | "none"): Promise<string>
  /** A product of its own: database, data directory, one connection of each source. */
  product(queue: "redis" | "postgres"): Promise<Product>
  close(): Promise<void>
}

export interface Product {
  readonly databaseUrl: string
  readonly dataDir: string
  readonly storeId: string
  /** Where each source's deliveries are posted, without the host. */
  readonly paths: { readonly [source in MixedSource]: string }
  readonly pool: pg.Pool
  ingest(): Promise<Child & { readonly url: string }>
  worker(env?: { readonly [name: string]: string }): Promise<Child & { readonly url: string }>
  /** The process that serves the memory plugin, at the plugin's URL. */
  memory(): Promise<Child & { readonly url: string }>
  close(): Promise<void>
}

export async function createSite(): Promise<Site> {
  const directory = await mkdtemp(join(tmpdir(), "engram-bench-"))
  const server = await ensureEmbeddedPostgres({ dataDir: directory })
  const templateUrl = await ensureDatabase(server.url, "template")
  await onServer(templateUrl, async (client) => void (await migrate(client)))
  const redis = await startRedis()
  let made = 0
  const database = async (schema: "engram" | "none"): Promise<string> => {
    const name = `bench_${++made}`
    const from = schema === "engram" ? "template" : "template0"
    await onServer(server.url, async (client) => void (await client.query(`create database ${name} template ${from}`)))
    return Object.assign(new URL(server.url), { pathname: `/${name}` }).href
  }
  return {
    directory,
    serverPid: server.pid,
    database,
    product: async (queue) => {
      // Fleets that share a Redis are told apart by its database number.
      const queueUrl = queue === "redis" ? `${redis.url}/${made + 1}` : undefined
      return createProduct(await database("engram"), join(directory, `data-${made}`), queueUrl)
    },
    close: async () => {
      await redis.stop()
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function createProduct(databaseUrl: string, dataDir: string, redisUrl: string | undefined): Promise<Product> {
  const pool = createPool(databaseUrl, { connectionsMax: 4, applicationName: "bench" })
  const admin = createConnectionAdmin({ database: createDatabase(pool), sealer: createSealer(secretKey) })
  const connect = (source: MixedSource) => admin.create({ workspaceId, storeName: "main", source, secret })
  const connections = []
  for (const source of mixedSources) connections.push(await connect(source))
  const paths = Object.fromEntries(connections.map(({ source, id }) => [source, `/v1/webhooks/${source}/${id}`]))
  const env = {
    DATABASE_URL: databaseUrl,
    ENGRAM_DATA_DIR: dataDir,
    ENGRAM_SECRET_KEY: secretKey,
    INGEST_PORT: "0",
    WORKER_PORT: "0",
    NIGHTLY_PORT: "0",
    MEMORY_PORT: "0",
    SEARCH_PORT: "0",
    MEMORY_WORKSPACE: workspaceId,
    LOG_LEVEL: "info",
    ...(redisUrl && { REDIS_URL: redisUrl }),
  }
  const start = async (app: App, field: string, more: { readonly [name: string]: string } = {}) => {
    const { nodeArgs, main } = startOf(app)
    const child = startChild(main, { env: { ...env, ...more }, nodeArgs })
    const line = await child.said(field)
    return { ...child, url: String(line[field]) }
  }
  return {
    databaseUrl,
    dataDir,
    storeId: connections[0]!.storeId,
    paths: paths as Product["paths"],
    pool,
    ingest: () => start("ingest", "url"),
    worker: (more) => start("worker", "status", more),
    memory: () => start("memory", "plugin"),
    close: () => pool.end(),
  }
}

export const fileAt = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

async function onServer(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
