import { type Figure, median, rounded } from "./figure.ts"
import { measureAccept } from "./figures/accept.ts"
import { measureEdit } from "./figures/edit.ts"
import { measureFill } from "./figures/fill.ts"
import { indexFloor } from "./figures/index-floor.ts"
import { type Indexed, indexLoad } from "./figures/index-load.ts"
import { measureLatency } from "./figures/latency.ts"
import { measureNormalizers } from "./figures/normalizers.ts"
import type { FloorIndexed } from "./floor-index.ts"
import { memoryMeasures } from "./memory-figures.ts"
import { nightMeasures } from "./night-figures.ts"
import { counted } from "./row-counts.ts"
import type { Site } from "./site.ts"
import { sourceMeasures } from "./source-figures.ts"

const count = 5_000

/** What can be asked for with `--only`, and what each measures. Floor and product take turns, so that a busy machine slows both. */
export const measures: { readonly [name: string]: (site: Site, repetitions: number) => Promise<Figure[]> } = {
  accept: async (site, repetitions) => {
    const runs = await repeat(repetitions, () => measureAccept(site, count))
    const ratio = median(runs.map(({ floorPerSecond, sent }) => sent.perSecond / floorPerSecond))
    const p99Ms = median(runs.map(({ sent }) => sent.p99Ms))
    const refused = runs.some(({ sent }) => sent.statuses[202] !== count)
    return [
      {
        name: "accepted requests/s over the floor",
        measured: `${rounded(ratio)}, p99 ${rounded(p99Ms, 0)} ms`,
        target: "≥ 0.50, p99 ≤ 50 ms",
        reached: ratio >= 0.5 && p99Ms <= 50 && !refused,
        detail: { runs },
      },
    ]
  },

  index: async (site, repetitions) => {
    const runs = await repeat(repetitions, async (at) => ({
      floor: await indexFloor(site, count),
      redis: await indexLoad(site, { queue: "redis", count, again: at === repetitions - 1 }),
      postgres: await indexLoad(site, { queue: "postgres", count }),
    }))
    const perSecond = ({ documents, seconds }: { documents: number; seconds: number }): number => documents / seconds
    const overFloor = (queue: "redis" | "postgres", target: number): Figure => {
      const ratio = median(runs.map((run) => run.floor.seconds / run[queue].seconds))
      const ours = median(runs.map((run) => perSecond(run[queue])))
      return {
        name: `documents/s accept to indexed over the floor, ${queue}`,
        measured: `${rounded(ratio)} (${rounded(ours, 0)} documents/s)`,
        target: `≥ ${rounded(target)}`,
        reached: ratio >= target,
        detail: { runs: runs.map((run) => ({ floor: run.floor, ours: run[queue] })) },
      }
    }
    const peakMb = Math.max(...runs.flatMap(({ redis, postgres }) => [redis.workerPeakMb, postgres.workerPeakMb]))
    return [overFloor("redis", 0.5), overFloor("postgres", 0.35), sameSize(runs[0]!), again(runs), memory(peakMb)]
  },

  normalizers: async () =>
    measureNormalizers().map(({ source, payloads, bytesEach, perSecond }) => ({
      name: `payloads/s of one core, ${source}`,
      measured: rounded(perSecond, 0),
      target: "reported",
      reached: true,
      detail: { payloads, bytesEach },
    })),

  latency: async (site) => {
    const { p50Ms, p95Ms, documents } = await measureLatency(site)
    return [
      {
        name: "accept to searchable at 20 deliveries/s, p95",
        measured: `${rounded(p95Ms, 0)} ms (p50 ${rounded(p50Ms, 0)} ms)`,
        target: "≤ 5000 ms",
        reached: p95Ms <= 5_000,
        detail: { documents },
      },
    ]
  },

  fill: async (site) => {
    const { calls, texts, fill } = await measureFill(site)
    return [
      {
        name: "texts per embedding call, of 96",
        measured: rounded(fill),
        target: "≥ 0.90",
        reached: fill >= 0.9,
        detail: { calls, texts },
      },
    ]
  },

  edit: async (site) => {
    const { chunks, embeddedAgain } = await measureEdit(site)
    return [
      {
        name: "chunks embedded again for one changed paragraph",
        measured: `${embeddedAgain} of ${chunks}`,
        target: "≤ 3 of 40",
        reached: embeddedAgain <= 3 && embeddedAgain > 0 && chunks >= 40,
        detail: {},
      },
    ]
  },

  ...sourceMeasures,
  ...nightMeasures,
  ...memoryMeasures,
}

async function repeat<Run>(repetitions: number, run: (at: number) => Promise<Run>): Promise<Run[]> {
  const runs: Run[] = []
  for (let at = 0; at < repetitions; at++) runs.push(await run(at))
  return runs
}

type IndexRun = { readonly floor: FloorIndexed; readonly redis: Indexed }

/** The floor removes no document. */
const kept = counted.filter((rows) => rows !== "documents")

/** A floor that wrote less than the product would be no floor. */
function sameSize({ floor, redis }: IndexRun): Figure {
  const off = kept.map((rows) => floor[rows] / redis[rows] - 1)
  const most = off.reduce((left, right) => (Math.abs(right) > Math.abs(left) ? right : left))
  return {
    name: "the floor's rows against ours, of each of seven tables",
    measured: `${rounded(most * 100, 1)} % where they differ most (${kept[off.indexOf(most)]})`,
    target: "within 5 %",
    reached: off.every((each) => Math.abs(each) <= 0.05),
    detail: Object.fromEntries(kept.map((rows) => [rows, [floor[rows], redis[rows]]])),
  }
}

function again(runs: readonly IndexRun[]): Figure {
  const calls = runs.at(-1)!.redis.callsAgain ?? Number.NaN
  return {
    name: "embedding calls when all come again under new ids",
    measured: String(calls),
    target: "0",
    reached: calls === 0,
    detail: {},
  }
}

const memory = (peakMb: number): Figure => ({
  name: "peak memory of a worker over the load",
  measured: `${peakMb} MB`,
  target: "≤ 400 MB",
  reached: peakMb <= 400,
  detail: {},
})
