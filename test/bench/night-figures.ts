import { type Figure, rounded } from "./figure.ts"
import { measureBeside } from "./figures/night-beside.ts"
import { exponent, measureNights } from "./figures/nights.ts"
import type { Site } from "./site.ts"

/** What consolidation costs, and how that grows. */
export const nightMeasures: { readonly [name: string]: (site: Site) => Promise<Figure[]> } = {
  nights: async (site) => {
    const { first, idle, onePercent } = await measureNights(site)
    const largest = first.at(-1)!
    const slope = exponent(first)
    const peakMb = Math.max(...first.map((night) => night.peakMb))
    const share = (night: typeof idle): number => night.seconds / largest.seconds
    const { observationsRead, textsRead, embeddingCalls } = idle.report
    const isIdle = textsRead + embeddingCalls === 0
    return [
      {
        name: "first run over 100,000 observations of 2,000 entities",
        measured: `${rounded(largest.seconds, 0)} s, ${rounded(peakMb, 0)} MB`,
        target: "minutes, ≤ 600 MB",
        reached: largest.seconds <= 600 && peakMb <= 600,
        detail: { first },
      },
      {
        name: "growth of a first run's time from 10,000 to 100,000",
        measured: `exponent ${rounded(slope)}`,
        target: "≤ 1.15",
        reached: slope <= 1.15,
        detail: {},
      },
      {
        name: "a run with nothing new, over the first",
        measured: `${rounded(share(idle) * 100, 1)} %, ${textsRead} texts, ${embeddingCalls} embedding calls`,
        target: "≤ 2 %, none, none",
        reached: share(idle) <= 0.02 && isIdle,
        detail: { observationsRead, idle },
      },
      {
        name: "a run with 1 % new, over the first",
        measured: `${rounded(share(onePercent) * 100, 1)} %`,
        target: "≤ 5 %",
        reached: share(onePercent) <= 0.05,
        detail: { onePercent },
      },
    ]
  },

  "night-beside": async (site) => {
    const { alone, beside, nightSeconds } = await measureBeside(site)
    return [
      {
        name: "documents/s taken in at 60/s beside a first run, over without one",
        measured: `${rounded(beside / alone)} (${rounded(beside, 1)} of ${rounded(alone, 1)})`,
        target: "≥ 0.90",
        reached: beside / alone >= 0.9,
        detail: { nightSeconds },
      },
    ]
  },
}
