/**
 * Walks a list that GitHub sorts by the time of change, oldest first. Page numbers would lose what moves up while others
 * are changed; asking on from the last time seen loses nothing, and meets again what changed meanwhile.
 */
export interface Keyset {
  /** ISO, to the second; left out at the beginning. */
  readonly since?: string
  /** 1, unless more changed within one second than fit a page. */
  readonly page: number
  /** What was had of the times that are asked for again. */
  readonly seen: readonly string[]
}

export interface Changed {
  readonly id: number | bigint
  readonly updated_at: string
}

const keyOf = ({ id, updated_at }: Changed): string => `${id}@${updated_at}`

/** Those of an answer that were not had before. */
export function unseen<Item extends Changed>({ seen }: Keyset, answer: readonly Item[]): Item[] {
  const had = new Set(seen)
  return answer.filter((item) => !had.has(keyOf(item)))
}

/**
 * Where to ask on when `taken`, the first of the unseen, have been had; undefined when there is nothing more. Asks from a
 * second earlier, whether the provider's `since` includes its own time or not.
 */
export function advance<Item extends Changed>(
  at: Keyset,
  answer: readonly Item[],
  taken: readonly Item[],
  perPage: number,
): Keyset | undefined {
  const cut = taken.length < unseen(at, answer).length
  if (!cut && answer.length < perPage) return undefined
  const last = (cut ? taken : answer).at(-1)
  const since = last && new Date(Date.parse(last.updated_at) - 1_000).toISOString().replace(".000", "")
  const seen = [...new Set([...at.seen, ...taken.map(keyOf)])]
  if (since === undefined || (at.since !== undefined && since <= at.since)) {
    return { ...at, page: cut ? at.page : at.page + 1, seen }
  }
  return {
    since,
    page: 1,
    seen: seen.filter((key) => Date.parse(key.slice(key.indexOf("@") + 1)) >= Date.parse(since)),
  }
}
