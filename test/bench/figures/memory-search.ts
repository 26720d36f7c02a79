import type { NewMemory } from "@engram/contracts/memory-ledger"
import { storeId } from "@engram/core/ids"
import { createCallerVersions } from "@engram/pipeline/memories/versions"
import { createDatabase } from "@engram/store/database"
import { createMemoryLedger } from "@engram/store/memories/memory-ledger"
import { startChild } from "../child.ts"
import { memoriesCount, memoryAt, questionAt, vectorAt } from "../memories.ts"
import type { MemoryOrder, MemoryServed } from "../processes/memory-client.ts"
import { fileAt, type Product, type Site, workspaceId } from "../site.ts"
import { indexed } from "./index-load.ts"
import { makeNamespaces } from "./memory-commits.ts"

const clients = 16
const searches = 5_000
/** Searches whose answers are compared with an exact one. */
const compared = 200

/** Searches of the plugin by 16 clients, each asking again as soon as it is answered, in the mix of memories.ts. */
export async function measureSearch(
  product: Product,
  work: "search by query" | "search by embedding",
): Promise<MemoryServed> {
  const memory = await product.memory()
  const client = startChild(fileAt("./processes/memory-client.ts"))
  try {
    const order: MemoryOrder = { url: memory.url, work, from: 0, count: searches, connections: clients }
    await client.ask({ ...order, from: searches, count: 500 })
    return await client.ask<MemoryServed>(order)
  } finally {
    await Promise.all([memory.stop(), client.stop()])
  }
}

/** Lets a worker embed and index what the store is owed, then Postgres see to its tables, as it would by itself in time. */
export async function catchUp(product: Product): Promise<{ seconds: number }> {
  const started = performance.now()
  const worker = await product.worker({ STAGES: "embed" })
  await indexed(product)
  const seconds = (performance.now() - started) / 1_000
  await worker.stop()
  await product.pool.query("vacuum analyze")
  await product.pool.query("checkpoint")
  return { seconds }
}

function broughtAt(i: number): NewMemory {
  const { id, namespace, content } = memoryAt(i)
  const plain = { kind: "fact", source: "agent", expiresAt: null, propagation: null, pin: null } as const
  return { ...plain, id, namespace, content, embedding: vectorAt(i) }
}

/** A product that holds the corpus with vectors that callers brought, all of them in the index. */
export async function withVectors(site: Site): Promise<Product> {
  const product = await site.product("postgres")
  const memory = await product.memory()
  await makeNamespaces(memory.url)
  await memory.stop()
  const place = { workspaceId, storeId: storeId(workspaceId, "memories") }
  const ledger = createMemoryLedger(createDatabase(product.pool))
  const callers = createCallerVersions({ ledger, place, onWritten: () => {} })
  await callers.first(broughtAt(0))
  for (let from = 0; from < memoriesCount; from += 250) {
    await ledger.add(
      place,
      Array.from({ length: 250 }, (_, i) => broughtAt(from + i)),
    )
  }
  await catchUp(product)
  return product
}

/** The share of the ten nearest, by comparing everything, that the plugin found. */
export function recallOf(found: readonly (readonly string[])[]): number {
  const placesOf = Map.groupBy(Array(memoriesCount).keys(), (at) => memoryAt(at).namespace)
  let [hits, wanted] = [0, 0]
  for (let at = 0; at < compared; at++) {
    const { namespaces, embedding } = questionAt(at, "embedding")
    const nearest = namespaces
      .flatMap((name) => placesOf.get(name) ?? [])
      .map((place) => ({ place, score: dot(vectorAt(place), embedding!) }))
      .sort((a, b) => b.score - a.score)
      .slice(0, 10)
    wanted += nearest.length
    hits += nearest.filter(({ place }) => found[at]!.includes(memoryAt(place).id)).length
  }
  return hits / wanted
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}
