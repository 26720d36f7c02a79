import type { RelationshipType } from "@engram/contracts/graph"
import type { Direction, EdgeEvidence, GraphEdge } from "@engram/contracts/neighbourhood"

/** One stored edge as seen from a node. */
export interface ReadEdge extends EdgeEvidence {
  readonly type: RelationshipType
  readonly direction: Direction
  readonly detectedBy: GraphEdge["detectedBy"]
  readonly node: string
  readonly other: string
}

/** What says most comes first. */
const order: readonly RelationshipType[] = [
  "RESOLVES",
  "IMPLEMENTS",
  "BLOCKED_BY",
  "DUPLICATES",
  "OWNED_BY",
  "AUTHORED_BY",
  "ASSIGNED_TO",
  "REVIEWED_BY",
  "REFERENCES",
  "RELATES_TO",
  "TOUCHES_COMPONENT",
  "MEMBER_OF",
  "PART_OF",
]

/**
 * A node's edges, one for each type, direction and neighbour however many of its names they join, in a stable order: the types
 * take turns, so that no kind of edge crowds out the others, and of one type what holds, is surest and newest goes first.
 */
export function foldEdges(node: string, edges: readonly ReadEdge[], evidenceMax: number): GraphEdge[] {
  const others = edges.filter(({ other }) => other !== node)
  const folded = [...Map.groupBy(others, ({ type, direction, other }) => `${type} ${direction} ${other}`).values()]
  const kinds = Map.groupBy(
    folded.map((same) => fold(same, evidenceMax)),
    ({ edge, direction }) => `${String(order.indexOf(edge.type)).padStart(2, "0")} ${direction}`,
  )
  const ranked = [...kinds].flatMap(([kind, list]) =>
    list.sort((a, b) => compareEdges(a.edge, b.edge)).map(({ edge }, turn) => ({ edge, kind, turn })),
  )
  return ranked.sort((a, b) => a.turn - b.turn || (a.kind < b.kind ? -1 : 1)).map(({ edge }) => edge)
}

function fold(same: readonly ReadEdge[], evidenceMax: number): { edge: GraphEdge; direction: Direction } {
  const { type, direction, node, other } = same[0]!
  const ends = same.flatMap(({ until }) => until ?? [])
  const evidence = same.flatMap((one) => one.evidence)
  const edge: GraphEdge = {
    type,
    from: direction === "out" ? node : other,
    to: direction === "out" ? other : node,
    detectedBy: same.some(({ detectedBy }) => detectedBy === "manual") ? "manual" : same[0]!.detectedBy,
    confidence: Math.max(...same.map(({ confidence }) => confidence)),
    since: same.map(({ since }) => since).sort()[0]!,
    until: ends.length < same.length ? null : ends.sort().at(-1)!,
    evidence: evidence.sort(surestFirst).slice(0, evidenceMax),
    evidenceCount: same.reduce((sum, { evidenceCount }) => sum + evidenceCount, 0),
  }
  return { edge, direction }
}

const surestFirst = (a: Piece, b: Piece): number =>
  Number(a.until !== null) - Number(b.until !== null) ||
  b.confidence - a.confidence ||
  compare(b.since, a.since) ||
  compare(idOf(a), idOf(b))

type Piece = GraphEdge["evidence"][number]
const idOf = ({ observationId, documentId }: Piece): string => observationId ?? documentId ?? ""

const compareEdges = (a: GraphEdge, b: GraphEdge): number =>
  Number(a.until !== null) - Number(b.until !== null) ||
  b.confidence - a.confidence ||
  compare(b.since, a.since) ||
  compare(`${a.from} ${a.to}`, `${b.from} ${b.to}`)

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b))
