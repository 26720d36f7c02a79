import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { createLocalEmbedder } from "@engram/local-embedder/local-embedder"
import { search } from "@engram/pipeline/search"
import { createSqliteVecIndex } from "@engram/sqlite-vec/sqlite-vec-index"
import { createDatabase } from "@engram/store/database"
import { createSearchIndex } from "@engram/store/search-index"
import { issueDelivery } from "../issue.ts"
import { post } from "../sign.ts"
import { type Product, type Site, workspaceId } from "../site.ts"
import { markdownOf, titleOf } from "../texts.ts"

const perSecond = 20
const seconds = 30
/** One document in so many is searched for; for the others its row says what the search goes by. Searching for each would be the load. */
const searchedEvery = 10

/** From the 202 until the search finds the document and its vectors take part; full text alone finds it earlier. */
export async function measureLatency(site: Site): Promise<{ p50Ms: number; p95Ms: number; documents: number }> {
  const product = await site.product("postgres")
  const [ingest, worker] = await Promise.all([product.ingest(), product.worker()])
  try {
    const waiting = new Map<string, number>()
    const latencies: number[] = []
    const posting = postEvenly(`${ingest.url}${product.paths.github}`, waiting)
    const asking = ask(product, waiting, latencies)
    await posting
    await asking.untilAllFound()
    latencies.sort((a, b) => a - b)
    const at = (share: number): number => latencies[Math.floor(latencies.length * share)]!
    return { p50Ms: at(0.5), p95Ms: at(0.95), documents: latencies.length }
  } finally {
    await Promise.all([ingest.stop(), worker.stop()])
    await product.close()
  }
}

async function postEvenly(url: string, waiting: Map<string, number>): Promise<void> {
  const started = performance.now()
  const posts = Array.from({ length: perSecond * seconds }, async (_, at) => {
    await wait(Math.max(0, started + (at * 1_000) / perSecond - performance.now()))
    const title = titleOf(`latency ${at}`)
    const body = markdownOf(`latency ${at}`, 150)
    await post(
      url,
      issueDelivery({ key: `latency-${at}`, action: "opened", number: 1 + at, title, body, updatedAt: new Date() }),
    )
    waiting.set(title, performance.now())
  })
  await Promise.all(posts)
}

/** Looks for documents whose rows say that all their vectors are there, and has the search confirm a sample. */
function ask(product: Product, waiting: Map<string, number>, latencies: number[]) {
  const embedder = createLocalEmbedder({ dimension: 512 })
  const index = createSqliteVecIndex({ path: join(product.dataDir, "vectors.db") })
  const find = search({ search: createSearchIndex(createDatabase(product.pool)), embedder, index })
  const reader = { workspaceId, storeId: product.storeId, scopeIds: "all" } as const
  let posted = false

  const round = async (): Promise<void> => {
    const { rows } = await product.pool.query<{ id: string; title: string }>(
      "select id, title from knowledge_documents where title = any($1) and live and indexed_version = version",
      [[...waiting.keys()]],
    )
    const seenAt = performance.now()
    for (const { id, title } of rows) {
      const isSample = latencies.length % searchedEvery === 0
      if (isSample && !(await finds(id, title))) continue
      latencies.push(seenAt - waiting.get(title)!)
      waiting.delete(title)
    }
  }
  const finds = async (id: string, title: string): Promise<boolean> =>
    (await find(reader, { query: ownWord(title), limit: 20 })).some((hit) => hit.documentId === id)
  const rounds = (async () => {
    const deadline = performance.now() + 120_000
    while (!posted || waiting.size > 0) {
      if (performance.now() > deadline) throw new Error(`${waiting.size} documents were never found`)
      await round()
      await wait(25)
    }
    index.close()
  })()
  return {
    untilAllFound: () => {
      posted = true
      return rounds
    },
  }
}

/** The word that no other title has: full text ranks by how often words occur, not by how rare they are. */
const ownWord = (title: string): string => /\((\w+)\)$/.exec(title)?.[1] ?? title
