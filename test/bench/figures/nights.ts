import type { RunReport } from "@engram/contracts/consolidation"
import { startChild } from "../child.ts"
import { entities, lastDay, observe } from "../observed.ts"
import type { NightOrder } from "../processes/consolidator.ts"
import { fileAt, type Product, type Site, workspaceId } from "../site.ts"

export interface Night {
  readonly observations: number
  readonly seconds: number
  readonly peakMb: number
  readonly report: RunReport
}

export interface Nights {
  readonly first: readonly Night[]
  /** Of the largest: with nothing new, and with 1 % new. */
  readonly idle: Night
  readonly onePercent: Night
}

const sizes = [10_000, 30_000, 100_000] as const
const now = Date.parse(lastDay) + 26 * 3_600_000

/** First runs over more and more observations of 2,000 entities, and what runs cost after them. */
export async function measureNights(site: Site): Promise<Nights> {
  const first: Night[] = []
  for (const observations of sizes) {
    const product = await site.product("postgres")
    try {
      await observe(product.pool, product.storeId, 0, observations)
      first.push(await runNight(product, observations))
      if (observations < sizes.at(-1)!) continue
      const idle = await runNight(product, observations)
      await observe(product.pool, product.storeId, observations, Math.round(observations * 1.01), lastDay)
      return { first, idle, onePercent: await runNight(product, observations) }
    } finally {
      await product.close()
    }
  }
  throw new Error(`no sizes for ${entities} entities`)
}

/** In a new process, so that each has its own peak of memory. */
async function runNight(product: Product, observations: number): Promise<Night> {
  const child = startChild(fileAt("./processes/consolidator.ts"))
  try {
    const order: NightOrder = { databaseUrl: product.databaseUrl, workspaceId, now }
    return { observations, ...(await child.ask<Omit<Night, "observations">>(order)) }
  } finally {
    await child.stop()
  }
}

/** The slope of the line through (log observations, log seconds): 1 is linear. */
export function exponent(nights: readonly Pick<Night, "observations" | "seconds">[]): number {
  const points = nights.map(({ observations, seconds }) => [Math.log(observations), Math.log(seconds)] as const)
  const mean = (at: 0 | 1) => points.reduce((sum, point) => sum + point[at], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  const above = points.reduce((sum, [each, other]) => sum + (each - x) * (other - y), 0)
  return above / points.reduce((sum, [each]) => sum + (each - x) ** 2, 0)
}
