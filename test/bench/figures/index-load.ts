import { setTimeout as wait } from "node:timers/promises"
import { peakMemoryMb, startChild } from "../child.ts"
import type { SendOrder } from "../processes/sender.ts"
import { countRows, type RowCounts } from "../row-counts.ts"
import { fileAt, type Product, type Site } from "../site.ts"
import { readEmbedding } from "./metrics.ts"

export interface Indexed extends RowCounts {
  /** From the first request until everything accepted is indexed. */
  readonly seconds: number
  readonly workerPeakMb: number
  readonly embeddingCalls: number
  readonly embeddingTexts: number
  /** Embedding calls when all deliveries came again under new ids. */
  readonly callsAgain?: number
}

/** Posts the load to the product's own processes and waits until its worker has indexed it. */
export async function indexLoad(
  site: Site,
  options: {
    readonly queue: "redis" | "postgres"
    readonly count: number
    readonly again?: boolean
    readonly load?: SendOrder["load"]
  },
): Promise<Indexed> {
  const product = await site.product(options.queue)
  const [ingest, worker, sender] = await Promise.all([
    product.ingest(),
    product.worker(),
    startChild(fileAt("./processes/sender.ts")),
  ])
  const order: SendOrder = {
    url: ingest.url,
    paths: product.paths,
    count: options.count,
    connections: 32,
    ...(options.load && { load: options.load }),
  }
  try {
    const { startedAt } = await sender.ask<{ startedAt: number }>(order)
    await indexed(product)
    const seconds = (Date.now() - startedAt) / 1_000
    const workerPeakMb = peakMemoryMb(worker.pid)
    const { calls, texts } = await readEmbedding(worker.url)
    const result = {
      seconds,
      ...(await countRows(product.pool, tables)),
      workerPeakMb,
      embeddingCalls: calls,
      embeddingTexts: texts,
    }
    if (!options.again) return result

    await sender.ask({ ...order, newKeys: true })
    await indexed(product)
    return { ...result, callsAgain: (await readEmbedding(worker.url)).calls - calls }
  } finally {
    await Promise.all([ingest.stop(), worker.stop(), sender.stop()])
    await product.close()
  }
}

const received = "select from ingest_deliveries where state = 'received'"
const owed = "select from vector_entries where wanted_hash is distinct from written_hash and parked_reason is null"

/** Resolves when no delivery waits and no vector is owed. */
export const indexed = ({ pool }: Pick<Product, "pool">): Promise<void> =>
  untilNot(pool, `exists (${received}) or exists (${owed})`)

/** Resolves when no delivery waits. */
export const normalized = ({ pool }: Pick<Product, "pool">): Promise<void> => untilNot(pool, `exists (${received})`)

async function untilNot(pool: Product["pool"], condition: string): Promise<void> {
  while ((await pool.query(`select ${condition} as holds`)).rows[0].holds) await wait(25)
}

const tables = {
  documents: "knowledge_documents where live",
  chunks: "knowledge_chunks",
  observations: "memory_observations",
  vectors: "vector_entries where wanted_hash is not null",
  entities: "entities",
  aliases: "entity_aliases",
  relationships: "relationships",
  evidence: "relationship_evidence",
}
