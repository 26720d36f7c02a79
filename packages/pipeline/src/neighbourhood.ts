import type {
  EdgeEvidence,
  GraphEdge,
  GraphIndex,
  GraphNode,
  GraphReader,
  Neighbourhood,
  NodeAlias,
} from "@engram/contracts/neighbourhood"
import type { Cache } from "@engram/contracts/ports"
import { type AliasEdge, adjacent } from "./neighbourhood/adjacent.ts"
import { foldEdges, type ReadEdge } from "./neighbourhood/fold-edges.ts"

export const hopsMax = 3
/** Beyond this many nodes a neighbourhood is a list of everything. */
const nodesMax = 400
const evidenceMax = 3

export interface NeighbourhoodDeps {
  readonly graph: GraphIndex
  readonly cache: Cache
}

export interface Reach {
  /** 1 to 3 */
  readonly hops: number
  /** Neighbours taken of the node asked for; of those further away a quarter as many. */
  readonly neighboursMax: number
}

/**
 * What stands around a node, `hops` edges far, in both directions, with what says so; undefined when there is no such node.
 * Edges that the reader may see no evidence of are not there. The same rows give the same answer in the same order, whatever
 * the cache holds.
 */
export const neighbourhood =
  (deps: NeighbourhoodDeps) =>
  async (reader: GraphReader, nodeId: string, { hops, neighboursMax }: Reach): Promise<Neighbourhood | undefined> => {
    const own = await deps.graph.aliases(reader.workspaceId, [nodeId])
    const root = [
      ...(
        await deps.graph.nodes(
          reader,
          own.slice(0, 1).map(({ id }) => id),
        )
      ).values(),
    ][0]
    if (root === undefined) return undefined
    const found = new Found(root)
    let frontier = [root.id]
    for (let hop = 1; hop <= Math.min(hops, hopsMax) && frontier.length > 0; hop++) {
      const around = await edgesAround(deps, reader, frontier)
      const max = hop === 1 ? neighboursMax : Math.ceil(neighboursMax / 4)
      frontier = frontier.flatMap((id) => found.take(id, around.edges.get(id) ?? [], around.nodes, max))
    }
    return found.neighbourhood()
  }

/** What has been reached, in order. */
class Found {
  readonly #nodes = new Map<string, GraphNode>()
  readonly #edges = new Map<string, GraphEdge>()
  readonly #cut = new Set<string>()

  constructor(root: GraphNode) {
    this.#nodes.set(root.id, root)
  }

  /** Adds a node's edges; those to nodes not yet reached only while there is room. Returns the nodes that are new. */
  take(id: string, edges: readonly GraphEdge[], nodes: ReadonlyMap<string, GraphNode>, max: number): string[] {
    const fresh: string[] = []
    for (const edge of edges) {
      const other = edge.from === id ? edge.to : edge.from
      const node = nodes.get(other)
      if (node === undefined) continue
      if (!this.#nodes.has(other)) {
        if (fresh.length === max || this.#nodes.size === nodesMax) {
          this.#cut.add(id)
          continue
        }
        this.#nodes.set(other, node)
        fresh.push(other)
      }
      const key = `${edge.type} ${edge.from} ${edge.to}`
      if (!this.#edges.has(key)) this.#edges.set(key, edge)
    }
    return fresh
  }

  neighbourhood(): Neighbourhood {
    return { nodes: [...this.#nodes.values()], edges: [...this.#edges.values()], cut: [...this.#cut] }
  }
}

interface Around {
  /** By node id, in order. */
  readonly edges: ReadonlyMap<string, readonly GraphEdge[]>
  /** By node id. */
  readonly nodes: ReadonlyMap<string, GraphNode>
}

async function edgesAround(deps: NeighbourhoodDeps, reader: GraphReader, nodeIds: readonly string[]): Promise<Around> {
  const aliases = await deps.graph.aliases(reader.workspaceId, nodeIds)
  const stored = await adjacent(deps, reader, aliases)
  const ids = [...new Set(stored.map(({ id }) => id))]
  const others = [...new Set(stored.map(({ otherAliasId }) => otherAliasId))]
  const [evidence, byAlias] = await Promise.all([
    deps.graph.evidence(reader, ids, evidenceMax),
    deps.graph.nodes(reader, others),
  ])
  const edges = readEdges(reader, stored, aliases, evidence, byAlias)
  return {
    edges: new Map(nodeIds.map((id) => [id, foldEdges(id, edges.get(id) ?? [], evidenceMax)])),
    nodes: new Map([...byAlias.values()].map((node) => [node.id, node])),
  }
}

/** By node, with what this reader may see of each edge. An operator's own edges need no evidence, and are the operator's to see. */
function readEdges(
  reader: GraphReader,
  stored: readonly AliasEdge[],
  aliases: readonly NodeAlias[],
  evidence: readonly EdgeEvidence[],
  nodes: ReadonlyMap<string, GraphNode>,
): Map<string, ReadEdge[]> {
  const nodeOf = new Map(aliases.map(({ id, nodeId }) => [id, nodeId]))
  const seen = new Map(evidence.map((one) => [one.relationshipId, one]))
  const read = stored.flatMap((edge): ReadEdge[] => {
    const said =
      seen.get(edge.id) ?? (reader.scopeIds === "all" && edge.detectedBy === "manual" ? manual(edge) : undefined)
    const node = nodeOf.get(edge.aliasId)
    const other = nodes.get(edge.otherAliasId)?.id
    return said && node && other
      ? [{ ...said, type: edge.type, direction: edge.direction, detectedBy: edge.detectedBy, node, other }]
      : []
  })
  return Map.groupBy(read, ({ node }) => node)
}

const manual = ({ id, since }: AliasEdge): EdgeEvidence => ({
  relationshipId: id,
  confidence: 1,
  since,
  until: null,
  evidence: [],
  evidenceCount: 0,
})
