import { startChild } from "../child.ts"
import type { SendOrder } from "../processes/sender.ts"
import { fileAt, type Site } from "../site.ts"
import { indexed, normalized } from "./index-load.ts"
import { readEmbedding } from "./metrics.ts"

const textsPerCall = 96

/**
 * How full embedding calls are while a call's worth of texts is owed: everything is read first, then embedded, so that
 * only the last call may find fewer. The last call counts too; the figure errs on the low side.
 */
export async function measureFill(site: Site): Promise<{ calls: number; texts: number; fill: number }> {
  const product = await site.product("redis")
  const [ingest, sender] = await Promise.all([product.ingest(), startChild(fileAt("./processes/sender.ts"))])
  const order: SendOrder = { url: ingest.url, paths: product.paths, count: 1_500, connections: 32 }
  try {
    await sender.ask(order)
    const reader = await product.worker({ STAGES: "normalize" })
    await normalized(product)
    await reader.stop()
    const embedder = await product.worker({ STAGES: "embed" })
    await indexed(product)
    const { calls, texts } = await readEmbedding(embedder.url)
    await embedder.stop()
    return { calls, texts, fill: texts / (calls * textsPerCall) }
  } finally {
    await Promise.all([ingest.stop(), sender.stop()])
    await product.close()
  }
}
