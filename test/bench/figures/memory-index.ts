import { startChild } from "../child.ts"
import type { MemoryOrder } from "../processes/memory-client.ts"
import { fileAt, type Site } from "../site.ts"
import { indexed } from "./index-load.ts"
import { makeNamespaces } from "./memory-commits.ts"
import { readMetrics } from "./metrics.ts"

/** What one turn of a lane writes at most: `rowsMax` of the embed stage. */
const batchMax = 500

/** How full requests to the index are while 32 clients write memories with embeddings, the last and least full one included. */
export async function measureIndexFill(
  site: Site,
  count: number,
): Promise<{ calls: number; vectors: number; fill: number; perSecond: number }> {
  const product = await site.product("postgres")
  const [memory, worker] = await Promise.all([product.memory(), product.worker({ STAGES: "embed" })])
  const client = startChild(fileAt("./processes/memory-client.ts"))
  try {
    await makeNamespaces(memory.url)
    const work = "commit with embedding"
    const order: MemoryOrder = { url: memory.url, work, from: 0, count, connections: 32 }
    const { perSecond } = await client.ask<{ perSecond: number }>(order)
    await indexed(product)
    const sum = await readMetrics(worker.url)
    const calls = sum("index_calls_total", 'operation="upsert"')
    const vectors = sum("index_vectors_total", 'operation="upsert"')
    return { calls, vectors, fill: vectors / (calls * batchMax), perSecond }
  } finally {
    await Promise.all([memory.stop(), worker.stop(), client.stop()])
    await product.close()
  }
}
