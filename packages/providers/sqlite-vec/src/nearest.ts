export interface Near {
  readonly id: string
  readonly score: number
}

const isBetter = (a: Near, b: Near): boolean => a.score > b.score || (a.score === b.score && a.id < b.id)

/** The best `max` of all that are offered, best first; of equals the first by id. */
export function createNearest(max: number) {
  const best: Near[] = []
  return {
    best: best as readonly Near[],
    /** What scores less is not among them. */
    floor: (): number => (best.length < max ? Number.NEGATIVE_INFINITY : best[max - 1]!.score),
    offer: (near: Near): void => {
      if (best.length === max && !isBetter(near, best[max - 1]!)) return
      let at = Math.min(best.length, max - 1)
      for (; at > 0 && isBetter(near, best[at - 1]!); at--) best[at] = best[at - 1]!
      best[at] = near
    },
  }
}

export type Nearest = ReturnType<typeof createNearest>
