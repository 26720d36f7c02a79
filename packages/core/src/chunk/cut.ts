/** A stretch of text that is not cut any further. */
export interface Piece {
  readonly text: string
  readonly tokens: number
  /** What stands between this piece and the one before it when they share a chunk. */
  readonly glue: "" | " " | "\n" | "\n\n"
  /** How good it is to cut before this piece: headings above items above the rest. */
  readonly rank: number
}

/**
 * Cuts pieces into runs of at most `maxTokens`, aiming at `minTokens` and more. Every piece must fit by itself.
 *
 * A run that is too long is cut before its best piece (rank, then a hash of how the piece begins), and so are its halves.
 * Where to cut depends on what stands there and hardly on what stands before, so an edit moves the cuts next to it and
 * no others. Cutting from the start instead would move every later cut.
 */
export function cut(pieces: readonly Piece[], minTokens: number, maxTokens: number): Piece[][] {
  const keys = pieces.map((piece) => beginningHash(piece.text))
  const before = tokensBefore(pieces)
  const runs: Piece[][] = []
  const open: [from: number, to: number][] = [[0, pieces.length]]
  for (let span = open.pop(); span; span = open.pop()) {
    const [from, to] = span
    if (to - from < 2 || before[to]! - before[from]! <= maxTokens) {
      if (to > from) runs.push(pieces.slice(from, to))
      continue
    }
    const at = bestCut(pieces, keys, before, from, to, minTokens)
    open.push([at, to], [from, at])
  }
  return runs
}

/** Cumulative tokens, with one for each join: the sum over a run is never less than the run's own count. */
function tokensBefore(pieces: readonly Piece[]): Float64Array {
  const before = new Float64Array(pieces.length + 1)
  for (let at = 0; at < pieces.length; at++)
    before[at + 1] = before[at]! + pieces[at]!.tokens + (pieces[at]!.glue ? 1 : 0)
  return before
}

function bestCut(
  pieces: readonly Piece[],
  keys: Uint32Array | readonly number[],
  before: Float64Array,
  from: number,
  to: number,
  minTokens: number,
): number {
  const size = before[to]! - before[from]!
  const middle = before[from]! + size / 2
  const margin = Math.min(minTokens, size / 3)
  let best = -1
  let nearest = from + 1
  for (let at = from + 1; at < to; at++) {
    const offCentre = Math.abs(before[at]! - middle)
    if (offCentre < Math.abs(before[nearest]! - middle)) nearest = at
    if (offCentre > size / 2 - margin) continue
    if (best < 0 || isBetter(at, best, offCentre)) best = at
  }
  return best < 0 ? nearest : best

  function isBetter(at: number, than: number, offCentre: number): boolean {
    const order = pieces[at]!.rank - pieces[than]!.rank || keys[at]! - keys[than]!
    return order === 0 ? offCentre < Math.abs(before[than]! - middle) : order > 0
  }
}

/** FNV-1a of the first 32 characters: an edit further on leaves the cut where it was. */
function beginningHash(text: string): number {
  let hash = 0x811c9dc5
  const end = Math.min(text.length, 32)
  for (let at = 0; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return (hash ^ (hash >>> 15)) >>> 0
}
