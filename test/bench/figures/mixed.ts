import type { Site } from "../site.ts"
import { type Indexed, indexLoad } from "./index-load.ts"

export interface Mixed {
  /** Seconds a document of the mixed stream took over those of GitHub alone. */
  readonly perDocument: number
  readonly perDelivery: number
  readonly github: readonly Indexed[]
  readonly mixed: readonly Indexed[]
}

/** GitHub alone and four sources at once through the product's own processes, in turns, so that a busy machine slows both. */
export async function measureMixed(
  site: Site,
  options: { readonly count: number; readonly turns: number },
): Promise<Mixed> {
  const github: Indexed[] = []
  const mixed: Indexed[] = []
  for (let turn = 0; turn < options.turns; turn++) {
    // Whoever goes first in one turn goes second in the next.
    for (const load of turn % 2 === 0 ? (["github", "mixed"] as const) : (["mixed", "github"] as const)) {
      const indexed = await indexLoad(site, { queue: "postgres", count: options.count, load })
      ;(load === "github" ? github : mixed).push(indexed)
    }
  }
  return {
    perDocument: secondsPer(mixed, ({ documents }) => documents) / secondsPer(github, ({ documents }) => documents),
    perDelivery: secondsPer(mixed, () => options.count) / secondsPer(github, () => options.count),
    github,
    mixed,
  }
}

const secondsPer = (runs: readonly Indexed[], counted: (run: Indexed) => number): number =>
  sum(runs.map(({ seconds }) => seconds)) / sum(runs.map(counted))

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
