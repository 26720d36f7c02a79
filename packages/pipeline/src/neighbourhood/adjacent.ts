import type { Adjacency, GraphIndex, GraphReader, NodeAlias, StoredEdge } from "@engram/contracts/neighbourhood"
import type { Cache } from "@engram/contracts/ports"
import { neighboursCacheKey } from "../cache-keys.ts"

/** Edges of one alias in one direction that are taken, and cached. More are read anew for each reader. */
const edgesMax = 500
/** Lists looked up in the cache at once, the longest first; Postgres gives the short ones as fast. */
const lookupsMax = 64
const ttlSeconds = 24 * 3_600

export type AliasEdge = Adjacency & StoredEdge

type Stamped = Awaited<ReturnType<GraphIndex["stamps"]>>[number]

/**
 * The stored edges of these aliases, in both directions. A cache only spares reading a list that Postgres says has not changed;
 * it holds no texts and knows no reader, so what it holds is filtered like what Postgres holds.
 */
export async function adjacent(
  { graph, cache }: { readonly graph: GraphIndex; readonly cache: Cache },
  reader: GraphReader,
  aliases: readonly NodeAlias[],
): Promise<AliasEdge[]> {
  const { workspaceId } = reader
  const named = new Map(aliases.map((alias) => [alias.id, alias]))
  const keyOf = ({ aliasId, direction }: Adjacency) => neighboursCacheKey(workspaceId, direction, named.get(aliasId)!)
  const stamps = (await graph.stamps(workspaceId, [...named.keys()]))
    .filter(({ count }) => count > 0)
    .sort(longestFirst)
  const lists = stamps.filter(({ count }) => count <= edgesMax)
  const long = stamps.filter(({ count }) => count > edgesMax)

  const held = await Promise.all(
    lists.map(async (list, at) => (at < lookupsMax ? fresh(await cache.get(keyOf(list)), list) : undefined)),
  )
  const missing = lists.filter((_, at) => held[at] === undefined)
  const [read, cut] = await Promise.all([
    missing.length > 0 ? graph.edges(workspaceId, missing, edgesMax) : [],
    long.length > 0 ? graph.edges(workspaceId, long, edgesMax, reader) : [],
  ])
  const stampOf = new Map(lists.map((list) => [keyOf(list), list.stamp]))
  const cached = new Set(lists.slice(0, lookupsMax).map(keyOf))
  await cache.set(
    read
      .map((list) => ({ key: keyOf(list), edges: list.edges }))
      .filter(({ key }) => cached.has(key))
      .map(({ key, edges }) => ({ key, value: JSON.stringify({ stamp: stampOf.get(key), edges }), ttlSeconds })),
  )
  const known = lists.map((list, at) => ({ ...list, edges: held[at] ?? [] }))
  return [...known, ...read, ...cut].flatMap(({ aliasId, direction, edges }) =>
    edges.map((edge) => ({ ...edge, aliasId, direction })),
  )
}

const longestFirst = (a: Stamped, b: Stamped): number =>
  b.count - a.count || (`${a.direction} ${a.aliasId}` < `${b.direction} ${b.aliasId}` ? -1 : 1)

/** undefined for what is not the list that Postgres has now, or is no list at all. */
function fresh(text: string | undefined, { stamp }: Stamped): StoredEdge[] | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== "object" || value === null || Reflect.get(value, "stamp") !== stamp) return undefined
    const edges: unknown = Reflect.get(value, "edges")
    return Array.isArray(edges) ? edges : undefined
  } catch {
    return undefined
  }
}
