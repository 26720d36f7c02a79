import { type Figure, rounded } from "./figure.ts"
import { measureEdges } from "./figures/edges.ts"
import { measureGrowth } from "./figures/growth.ts"
import { measureMixed } from "./figures/mixed.ts"
import { measureThread } from "./figures/thread.ts"
import type { Site } from "./site.ts"

/** How much dearer the last block may be than the first before it counts as growing: two runs of one block differ as much. */
const noise = 0.1

/** The figures of four sources together, by the name that `--only` takes. */
export const sourceMeasures: { readonly [name: string]: (site: Site) => Promise<Figure[]> } = {
  mixed: async (site) => {
    const { perDocument, perDelivery, ...detail } = await measureMixed(site, { count: 3_000, turns: 2 })
    return [
      {
        name: "seconds a document of four sources mixed over GitHub alone",
        measured: `${rounded(perDocument)} (a delivery ${rounded(perDelivery)})`,
        target: "≤ 1.20",
        reached: perDocument <= 1.2,
        detail,
      },
    ]
  },

  edges: async (site) => {
    const { added, ...detail } = await measureEdges(site, { count: 6_000, block: 200 })
    return [
      {
        name: "what identity and edges add to persist, processor time",
        measured: `${rounded(added * 100, 0)} %`,
        target: "≤ 25 %",
        reached: added <= 0.25,
        detail,
      },
    ]
  },

  thread: async (site) => {
    const costs = await measureThread(site, [100, 1_000, 5_000])
    return costs.map(({ messages, msEach }) => ({
      name: `processor time for one message more in a thread of ${messages}`,
      measured: `${rounded(msEach, 0)} ms`,
      target: "reported",
      reached: true,
      detail: {},
    }))
  },

  growth: async (site) => {
    const { msEach, lastOverFirst, blocks } = await measureGrowth(site, { count: 50_000, block: 5_000 })
    return [
      {
        name: "processor time a delivery, last 5,000 of 50,000 over the first",
        measured: `${rounded(lastOverFirst)} (${rounded(msEach[0]!)} ms, then ${rounded(msEach.at(-1)!)} ms)`,
        target: `≤ ${rounded(1 + noise)}`,
        reached: lastOverFirst <= 1 + noise,
        detail: { msEach, blocks },
      },
    ]
  },
}
