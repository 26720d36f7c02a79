import { compareText } from "../compare-text.ts"

/** Disjoint sets of ids, each known by its smallest id. Nearly linear (union by smallest with path halving). */
export class Groups {
  readonly #parent = new Map<string, string>()

  /** The smallest id of the set that `id` is in; itself, unless it was joined. */
  of(id: string): string {
    let at = id
    for (;;) {
      const parent = this.#parent.get(at) ?? at
      if (parent === at) return at
      const above = this.#parent.get(parent) ?? parent
      this.#parent.set(at, above)
      at = above
    }
  }

  join(a: string, b: string): void {
    const [x, y] = [this.of(a), this.of(b)]
    if (x === y) return
    const smaller = compareText(x, y) < 0
    this.#parent.set(smaller ? y : x, smaller ? x : y)
  }
}
