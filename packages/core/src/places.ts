/** Scores nearer than this are equal: an index and we round differently. */
export const sameScore = 1e-6

/** The place, from 1, of each in a list that is sorted by score, best first. Neighbours that are equal share the first one's. */
export function placesOf(scores: readonly number[]): number[] {
  let place = 0
  return scores.map((score, at) => {
    if (at === 0 || Math.abs(score - scores[at - 1]!) > sameScore) place = at + 1
    return place
  })
}
