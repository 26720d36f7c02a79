import { join } from "node:path"
import type { NewDelivery } from "@engram/contracts/deliveries"
import type { ConnectionId, StoreId, WorkspaceId } from "@engram/contracts/ids"
import type { Lane, Log, Stage } from "@engram/contracts/ports"
import { deliveryId, textHash } from "@engram/core/ids"
import { createFileArtifacts } from "@engram/files/file-artifacts"
import { createLocalEmbedder } from "@engram/local-embedder/local-embedder"
import { sources } from "@engram/sources/registry"
import { createSqliteVecIndex } from "@engram/sqlite-vec/sqlite-vec-index"
import { createDatabase } from "@engram/store/database"
import { createDeliveryInbox } from "@engram/store/deliveries"
import { createTurns } from "@engram/worker/turns"
import { ownCpuSeconds, serverCpuSeconds } from "./cpu.ts"
import type { MixedDelivery } from "./mixed-load.ts"
import { type Product, type Site, workspaceId } from "./site.ts"

/** Processor seconds: what a thing cost, however busy the machine was with others. */
export interface Spent {
  readonly node: number
  readonly postgres: number
}

export const total = ({ node, postgres }: Spent): number => node + postgres

export async function spentOn(site: Site, work: () => Promise<void>): Promise<Spent> {
  const before = { node: ownCpuSeconds(), postgres: serverCpuSeconds(site.serverPid) }
  await work()
  return { node: ownCpuSeconds() - before.node, postgres: serverCpuSeconds(site.serverPid) - before.postgres }
}

/** The product's own turns in this process, one after the other, without doors and queue: what they cost can be told apart. */
export interface InProcess {
  /** Makes the store ready to be written to, as the first turn does. */
  open(): Promise<void>
  accept(deliveries: readonly MixedDelivery[]): Promise<void>
  /** Takes turns until nothing is owed. */
  drain(): Promise<void>
  /** Takes one stage's turns until it owes nothing. */
  stage(stage: Stage): Promise<void>
  close(): Promise<void>
}

export async function createInProcess(product: Product): Promise<InProcess> {
  const database = createDatabase(product.pool)
  const inbox = createDeliveryInbox({ database })
  const index = createSqliteVecIndex({ path: join(product.dataDir, "vectors.db") })
  const embedder = createLocalEmbedder({ dimension: 512 })
  const turns = createTurns({
    database,
    queue: { wake: async () => {} },
    sources,
    artifacts: createFileArtifacts(join(product.dataDir, "artifacts")),
    embedder,
    embedderOf: async () => embedder,
    index,
    cache: {
      get: async () => undefined,
      set: async () => {},
      remove: async () => {},
      clear: async () => 0,
      check: async () => {},
    },
    log,
    secretKey: "the bench's key for pseudonyms",
    hydrators: {},
    connections: { find: async () => undefined },
    meters: {
      embedded: () => {},
      searchable: () => {},
      totals: () => {},
      cleaned: () => {},
      redacted: () => {},
      event: () => {},
      evaluated: () => {},
    },
  })
  const drainStage = async (stage: Stage): Promise<void> => {
    const lane: Lane = { workspaceId, storeId: product.storeId, stage }
    for (;;) {
      const end = await turns[stage](lane)
      if (end === "idle") return
      if (end !== "more") throw new Error(`${stage} wants to go on in ${end.afterMs} ms`)
    }
  }
  return {
    open: async () => void (await turns.normalize({ workspaceId, storeId: product.storeId, stage: "normalize" })),
    accept: async (deliveries) => {
      for (let from = 0; from < deliveries.length; from += 100)
        await inbox.insert(deliveries.slice(from, from + 100).map((delivery) => newDelivery(product, delivery)))
    },
    stage: drainStage,
    drain: async () => {
      for (const stage of ["normalize", "embed", "archive"] as const) await drainStage(stage)
    },
    close: async () => index.close(),
  }
}

export function newDelivery(product: Product, { key, source, event, body }: MixedDelivery): NewDelivery {
  const connectionId = product.paths[source].split("/").at(-1) as ConnectionId
  return {
    id: deliveryId(connectionId, key),
    workspaceId: workspaceId as WorkspaceId,
    storeId: product.storeId as StoreId,
    connectionId,
    deliveryKey: key,
    source,
    event,
    headers: { "content-type": "application/json", "x-github-event": event, "x-github-delivery": key },
    body,
    bodyHash: textHash(body.toString()),
  }
}

const log: Log = {
  debug() {},
  info() {},
  warn: (fields, message) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`),
  error: (fields, message) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`),
}
