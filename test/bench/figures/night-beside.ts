import { setTimeout as wait } from "node:timers/promises"
import { startChild } from "../child.ts"
import { issueDelivery } from "../issue.ts"
import { lastDay, observe } from "../observed.ts"
import type { NightOrder } from "../processes/consolidator.ts"
import { post } from "../sign.ts"
import { fileAt, type Product, type Site, workspaceId } from "../site.ts"
import { markdownOf, titleOf } from "../texts.ts"

const perSecond = 60
const seconds = 20
const observations = 100_000

export interface Beside {
  /** Documents a second from the first post until the last was indexed. */
  readonly alone: number
  readonly beside: number
  /** Of the run, which went on for all of it. */
  readonly nightSeconds: number
}

/** What a fleet takes in at a steady rate, without a first run over 100,000 observations beside it and with one. */
export async function measureBeside(site: Site): Promise<Beside> {
  const product = await site.product("postgres")
  await observe(product.pool, product.storeId, 0, observations)
  const [ingest, worker] = await Promise.all([product.ingest(), product.worker()])
  const consolidator = startChild(fileAt("./processes/consolidator.ts"))
  try {
    const url = `${ingest.url}${product.paths.github}`
    await takeIn(product, url, "warm", 100)
    const alone = await takeIn(product, url, "alone", perSecond * seconds)
    const order: NightOrder = {
      databaseUrl: product.databaseUrl,
      workspaceId,
      now: Date.parse(lastDay) + 26 * 3_600_000,
    }
    const night = consolidator.ask<{ readonly seconds: number }>(order)
    const beside = await takeIn(product, url, "beside", perSecond * seconds)
    return { alone, beside, nightSeconds: (await night).seconds }
  } finally {
    await Promise.all([ingest.stop(), worker.stop(), consolidator.stop()])
    await product.close()
  }
}

async function takeIn(product: Product, url: string, name: string, count: number): Promise<number> {
  const started = performance.now()
  const posts = Array.from({ length: count }, async (_, at) => {
    await wait(Math.max(0, started + (at * 1_000) / perSecond - performance.now()))
    const key = `${name} ${at}`
    const number = 1 + at + (name === "beside" ? 1_000_000 : 0) + (name === "warm" ? 2_000_000 : 0)
    const issue = {
      action: "opened",
      number,
      title: titleOf(key),
      body: markdownOf(key, 150),
      updatedAt: new Date(),
    } as const
    await post(url, issueDelivery({ key, ...issue }))
  })
  await Promise.all(posts)
  const waiting = `select count(*)::int as n from knowledge_documents where live and indexed_version is distinct from version
    union all select count(*)::int from ingest_deliveries where state = 'received'`
  const deadline = performance.now() + 120_000
  for (;;) {
    const { rows } = await product.pool.query<{ n: number }>(waiting)
    if (rows.every(({ n }) => n === 0)) break
    if (performance.now() > deadline) throw new Error(`${rows.map(({ n }) => n).join(" and ")} are still waiting`)
    await wait(50)
  }
  return count / ((performance.now() - started) / 1_000)
}
