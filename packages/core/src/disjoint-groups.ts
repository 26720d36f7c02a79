/**
 * Parts items into at most `groupsMax` groups of about equal size, so that items which share a key are in one group: what the
 * groups touch is disjoint. Items keep their order within a group; the same items always part the same way.
 */
export function disjointGroups<Item>(
  items: readonly Item[],
  keysOf: (item: Item) => readonly string[],
  groupsMax: number,
): Item[][] {
  const groups: Item[][] = Array.from({ length: groupsMax }, () => [])
  // The largest first, each to the smallest group so far.
  const clusters = clustersOf(items.map(keysOf)).sort((a, b) => b.length - a.length)
  for (const cluster of clusters) smallest(groups).push(...cluster.map((at) => items[at]!))
  return groups.filter((group) => group.length > 0)
}

const smallest = <Item>(groups: Item[][]): Item[] => groups.reduce((a, b) => (b.length < a.length ? b : a))

/** Items that are connected by keys, as places in `keys`; in the order of each cluster's first item. */
function clustersOf(keys: readonly (readonly string[])[]): number[][] {
  const parent = keys.map((_, at) => at)
  const rootOf = (at: number): number => {
    let root = at
    while (parent[root] !== root) root = parent[root] = parent[parent[root]!]!
    return root
  }
  const firstWith = new Map<string, number>()
  for (const [at, own] of keys.entries()) {
    for (const key of own) {
      const first = firstWith.get(key)
      if (first === undefined) firstWith.set(key, at)
      else parent[rootOf(at)] = rootOf(first)
    }
  }
  return [...Map.groupBy(keys.keys(), rootOf).values()]
}
