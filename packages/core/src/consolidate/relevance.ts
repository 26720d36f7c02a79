import { dot } from "../dot.ts"

/** A piece of evidence as the choice of sentences sees it. */
export interface Weighed {
  readonly words: ReadonlySet<string>
  /** Of length 1. */
  readonly values: Float32Array | null
  readonly importance: number
}

/** How near to the middle of all each piece is, 0 to 1: by its values, or by its words where it has none. Time linear in the evidence. */
export function centralities(pieces: readonly Weighed[]): number[] {
  const near = nearMiddle(pieces)
  const usual = nearUsualWords(pieces)
  return pieces.map((piece) => clamp(near(piece) ?? usual(piece)))
}

/** Likeness of two pieces, 0 to 1: by values where both have them, else by words. */
export function likeness(a: Weighed, b: Weighed): number {
  if (a.values && b.values && a.values.length === b.values.length) return clamp(dot(a.values, b.values))
  let shared = 0
  for (const word of a.words) if (b.words.has(word)) shared++
  return shared === 0 ? 0 : shared / Math.sqrt(a.words.size * b.words.size)
}

/** The direction of values; null for those that have none, or are no numbers. What has length 1 already is taken as it is. */
export function unit(values: Float32Array | null): Float32Array | null {
  if (values === null) return null
  const length = Math.sqrt(dot(values, values))
  if (Math.abs(length - 1) < 1e-3) return values
  return length > 0 && length < Number.POSITIVE_INFINITY ? values.map((value) => value / length) : null
}

function nearMiddle(pieces: readonly Weighed[]): (piece: Weighed) => number | undefined {
  const dimension = pieces.find(({ values }) => values)?.values?.length
  if (dimension === undefined) return () => undefined
  const middle = new Float64Array(dimension)
  for (const { values } of pieces) {
    if (values?.length === dimension) for (let i = 0; i < dimension; i++) middle[i]! += values[i]!
  }
  const length = Math.sqrt(dot(middle, middle))
  if (length === 0) return () => undefined
  return ({ values }) => (values?.length === dimension ? dot(values, middle) / length : undefined)
}

/** The same with one dimension a word: the cosine of a piece's words and the sum over all pieces. */
function nearUsualWords(pieces: readonly Weighed[]): (piece: Weighed) => number {
  const frequency = new Map<string, number>()
  for (const { words } of pieces) for (const word of words) frequency.set(word, (frequency.get(word) ?? 0) + 1)
  let squares = 0
  for (const count of frequency.values()) squares += count * count
  return ({ words }) => {
    let shared = 0
    for (const word of words) shared += frequency.get(word) ?? 0
    return words.size === 0 ? 0 : shared / Math.sqrt(words.size * squares)
  }
}

const clamp = (value: number): number => Math.min(1, Math.max(0, value))
