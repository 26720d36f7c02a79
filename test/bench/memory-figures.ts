import { type Figure, median, rounded } from "./figure.ts"
import { measureBackfill } from "./figures/memory-backfill.ts"
import { measureCommits } from "./figures/memory-commits.ts"
import { measureIndexFill } from "./figures/memory-index.ts"
import { catchUp, measureSearch, recallOf, withVectors } from "./figures/memory-search.ts"
import type { MemoryServed } from "./processes/memory-client.ts"
import type { Site } from "./site.ts"

type Measure = (site: Site, repetitions: number) => Promise<Figure[]>

/** The memory plugin's figures, by the name that `--only` takes. */
export const memoryMeasures: { readonly [name: string]: Measure } = {
  "memory-commits": async (site, repetitions) => {
    const runs = []
    for (let at = 0; at < repetitions; at++) runs.push(await measureCommits(site, 10_000))
    const ratio = median(runs.map(({ floorPerSecond, sent }) => sent.perSecond / floorPerSecond))
    const perSecond = median(runs.map(({ sent }) => sent.perSecond))
    const refused = runs.some(({ sent }) => Object.keys(sent.statuses).join() !== "201")
    return [
      {
        name: "memory commits/s, 32 clients, over single-row inserts",
        measured: `${rounded(ratio)} (${rounded(perSecond, 0)}/s)`,
        target: "≥ 0.60",
        reached: ratio >= 0.6 && !refused,
        detail: { runs },
      },
    ]
  },

  "memory-index": async (site) => {
    const { fill, ...detail } = await measureIndexFill(site, 15_000)
    return [
      {
        name: "memory vectors per index request under load, of 500",
        measured: rounded(fill),
        target: "≥ 0.80",
        reached: fill >= 0.8,
        detail,
      },
    ]
  },

  "memory-backfill": async (site) => {
    const product = await site.product("postgres")
    try {
      const { rowsPerSecond, growth, peakMb, seconds } = await measureBackfill(site, product)
      const flat = Math.max(growth.cli, growth.plugin)
      const indexing = await catchUp(product)
      const served = await measureSearch(product, "search by query")
      return [
        {
          name: "backfill of 100,000 rows, rows/s",
          measured: `${rowsPerSecond} (peak ${peakMb.cli} + ${peakMb.plugin} MB, second half over first ${rounded(flat)})`,
          target: "≥ 3000, flat",
          reached: rowsPerSecond >= 3_000 && flat <= 1.15,
          detail: { seconds, growth, peakMb, indexingSeconds: indexing.seconds },
        },
        // What the backfill wrote has the server's vectors: each query is asked of words and vectors, and the answers are fused.
        searchFigure("memory search by text and the server's vectors, 16 clients, p99", served),
      ]
    } finally {
      await product.close()
    }
  },

  "memory-vectors": async (site) => {
    const product = await withVectors(site)
    try {
      const byText = await measureSearch(product, "search by query")
      const { found = [], ...served } = await measureSearch(product, "search by embedding")
      const recall = recallOf(found)
      const { measured, reached, ...figure } = searchFigure("memory search by embedding, 16 clients, p99", served, 60)
      return [
        searchFigure("memory search by text, 16 clients, p99", byText, 40),
        {
          ...figure,
          measured: `${measured}, recall@10 ${rounded(recall, 3)}`,
          target: `${figure.target}, ≥ 0.98`,
          reached: reached && recall >= 0.98,
        },
      ]
    } finally {
      await product.close()
    }
  },
}

function searchFigure(name: string, { found: _, ...served }: MemoryServed, p99MsMax?: number): Figure {
  const isInTime = p99MsMax === undefined || served.p99Ms <= p99MsMax
  const allFound = Object.keys(served.statuses).join() === "200"
  return {
    name,
    measured: `${rounded(served.p99Ms, 0)} ms (p50 ${rounded(served.p50Ms, 0)} ms, ${rounded(served.perSecond, 0)}/s)`,
    target: p99MsMax === undefined ? "none set" : `≤ ${p99MsMax} ms`,
    reached: isInTime && allFound,
    detail: { ...served },
  }
}
