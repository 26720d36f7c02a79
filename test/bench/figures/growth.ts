import { createInProcess, type Spent, spentOn, total } from "../in-process.ts"
import { makeMixedLoad } from "../mixed-load.ts"
import type { Site } from "../site.ts"

export interface Growth {
  /** Processor milliseconds a delivery, accept to indexed: of the first block, …, of the last. */
  readonly msEach: readonly number[]
  readonly blocks: readonly Spent[]
  readonly lastOverFirst: number
}

/** What a delivery costs from accept to indexed while the store fills, block by block, in one process. */
export async function measureGrowth(
  site: Site,
  options: { readonly count: number; readonly block: number },
): Promise<Growth> {
  await warmUp(site)
  const product = await site.product("postgres")
  const pipeline = await createInProcess(product)
  const load = makeMixedLoad({ count: options.count })
  const blocks: Spent[] = []
  try {
    for (let from = 0; from < load.length; from += options.block) {
      const spent = await spentOn(site, async () => {
        await pipeline.accept(load.slice(from, from + options.block))
        await pipeline.drain()
      })
      blocks.push(spent)
    }
  } finally {
    await pipeline.close()
    await product.close()
  }
  const msEach = blocks.map((spent) => (total(spent) * 1_000) / options.block)
  return { msEach, blocks, lastOverFirst: msEach.at(-1)! / msEach[0]! }
}

/** On another database, so that the first block is not dear because the code is not compiled yet. */
async function warmUp(site: Site): Promise<void> {
  const product = await site.product("postgres")
  const pipeline = await createInProcess(product)
  await pipeline.accept(makeMixedLoad({ count: 1_500, seed: "warm-up" }))
  await pipeline.drain()
  await pipeline.close()
  await product.close()
}
