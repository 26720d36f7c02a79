/** A small generator with a seed: the same numbers on every machine. Not for secrets. */
export interface Random {
  /** A whole number from 0 to `below` - 1. */
  below(below: number): number
  pick<T>(from: readonly T[]): T
}

/** Mulberry32 over an FNV-1a hash of the seed. */
export function createRandom(seed: string): Random {
  let state = 0x811c9dc5
  for (let i = 0; i < seed.length; i++) state = Math.imul(state ^ seed.charCodeAt(i), 0x01000193)
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * limit)
  }
  return { below, pick: (from) => from[below(from.length)]! }
}

/** The list in another order. */
export function shuffled<T>(list: readonly T[], random: Random): T[] {
  const result = [...list]
  for (let at = result.length - 1; at > 0; at--) {
    const other = random.below(at + 1)
    ;[result[at], result[other]] = [result[other]!, result[at]!]
  }
  return result
}
