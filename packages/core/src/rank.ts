import { compareText } from "./compare-text.ts"

/**
 * The k of reciprocal rank fusion: Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank
 * Learning Methods", SIGIR 2009, found 60 good and uncritical.
 */
export const fusionK = 60

/**
 * Reciprocal rank fusion: an id's score is the sum over the lists of 1 / (k + its rank, from 1). Best first, ties by id.
 * An id that a list repeats counts there once, at its best rank.
 */
export function fuse(lists: readonly (readonly string[])[]): { readonly id: string; readonly score: number }[] {
  const scores = new Map<string, number>()
  for (const list of lists) {
    let rank = 0
    for (const id of new Set(list)) {
      rank++
      scores.set(id, (scores.get(id) ?? 0) + 1 / (fusionK + rank))
    }
  }
  return [...scores].map(([id, score]) => ({ id, score })).sort((a, b) => b.score - a.score || compareText(a.id, b.id))
}
