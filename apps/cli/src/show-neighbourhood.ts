import type { Evidence, GraphEdge, GraphNode, Neighbourhood } from "@engram/contracts/neighbourhood"
import type { Terminal } from "./terminal.ts"
import { count, cut } from "./words.ts"

/** A node in one line of words: its kind, its name, its title. */
export const nameNode = ({ kind, name, title }: GraphNode): string =>
  `${kind.replaceAll("_", " ")} ${name}${title ? ` “${cut(title, 60)}”` : ""}`

/** Ids that nobody says aloud: of Notion's pages, of Slack's threads. */
const unspoken = /^(?:[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|[A-Z][A-Z\d]{6,12}:\d+\.\d+)$/

/** What to call a node in the tree: by its title where its name is only an id, and never by its name twice. */
function called({ name, title }: GraphNode): { readonly name: string; readonly title: string } {
  if (title && unspoken.test(name)) return { name: cut(title, 60), title: "" }
  return { name, title: title?.startsWith(`${name} `) ? title.slice(name.length + 1) : (title ?? "") }
}

const readings: { readonly [type: string]: readonly [out: string, into: string] } = {
  AUTHORED_BY: ["written by", "wrote"],
  ASSIGNED_TO: ["assigned to", "is assigned"],
  REVIEWED_BY: ["reviewed by", "reviews"],
  MEMBER_OF: ["member of", "has member"],
  OWNED_BY: ["owned by", "owns"],
  RESOLVES: ["resolves", "resolved by"],
  REFERENCES: ["refers to", "referred to by"],
  IMPLEMENTS: ["implements", "implemented by"],
  DUPLICATES: ["duplicates", "duplicated by"],
  RELATES_TO: ["relates to", "related from"],
  BLOCKED_BY: ["blocked by", "blocks"],
  PART_OF: ["part of", "contains"],
  TOUCHES_COMPONENT: ["touches", "touched by"],
}

/**
 * The nodes as a tree, each below the one it was reached from, with the edge that led there and what says so. Edges between
 * nodes that are both in the tree already stand below the first of them, marked, without being followed.
 */
export function showNeighbourhood(terminal: Terminal, { nodes, edges, cut: more }: Neighbourhood): string {
  const [root] = nodes
  if (root === undefined) return ""
  const tree = branches(nodes, edges)
  const documents = new Map(nodes.flatMap((node) => (node.documentId ? [[node.documentId, node] as const] : [])))
  const drawn = { tree, documents, longer: new Set(more) }
  const lines = [headline(terminal, root, widthOf(terminal)), ...below(terminal, drawn, root, "")]
  const counted = `${count(nodes.length, "node")}, ${count(edges.length, "edge")}`
  return [...lines, "", dim(terminal, edges.length === 0 ? "Nothing is known to stand around it." : counted)].join("\n")
}

interface Drawn {
  /** By the id of the node they stand below. */
  readonly tree: ReadonlyMap<string, readonly Branch[]>
  /** Nodes by the id of their document. */
  readonly documents: ReadonlyMap<string, GraphNode>
  readonly longer: ReadonlySet<string>
}

/** The lines below one node; each level stands three columns further in. */
function below(terminal: Terminal, drawn: Drawn, node: GraphNode, indent: string): string[] {
  const children = drawn.tree.get(node.id) ?? []
  const hasMore = drawn.longer.has(node.id)
  const width = widthOf(terminal) - indent.length - 3
  const lines = children.flatMap((child, at) => {
    const isLast = at === children.length - 1 && !hasMore
    const inner = `${indent}${isLast ? "   " : "│  "}`
    const grown = child.followed ? below(terminal, drawn, child.node, inner) : []
    const bar = dim(terminal, `${inner}${grown.length > 0 ? "│ " : "  "}`)
    return [
      `${dim(terminal, `${indent}${isLast ? "└─ " : "├─ "}`)}${edgeLine(terminal, child, node, width)}`,
      ...child.edge.evidence.map((piece) => `${bar}${evidenceLine(terminal, drawn, piece, width - 2)}`),
      ...grown,
    ]
  })
  return hasMore ? [...lines, dim(terminal, `${indent}└─ … and more`)] : lines
}

const widthOf = (terminal: Terminal): number => Math.min(terminal.columns, 120)

interface Branch {
  readonly edge: GraphEdge
  readonly node: GraphNode
  /** The tree goes on below it here, and nowhere else. */
  readonly followed: boolean
}

function branches(nodes: readonly GraphNode[], edges: readonly GraphEdge[]): Map<string, Branch[]> {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const place = new Map(nodes.map(({ id }, at) => [id, at]))
  const reached = new Set(nodes.slice(0, 1).map(({ id }) => id))
  const tree = new Map<string, Branch[]>()
  for (const edge of edges) {
    const [near, far] = place.get(edge.from)! <= place.get(edge.to)! ? [edge.from, edge.to] : [edge.to, edge.from]
    const followed = !reached.has(far)
    reached.add(far)
    tree.set(near, [...(tree.get(near) ?? []), { edge, node: byId.get(far)!, followed }])
  }
  return tree
}

function headline(terminal: Terminal, node: GraphNode, width: number): string {
  const about = [node.kind.replaceAll("_", " "), node.state].filter(Boolean).join(", ")
  const { name, title } = called(node)
  const first = `${terminal.style("bold", name)}  ${title ? cut(title, width - name.length - about.length - 6) : ""}`
  const lines = [`${first.trimEnd()}  ${dim(terminal, `(${about})`)}`]
  if (node.url) lines.push(terminal.style("cyan", node.url))
  return lines.join("\n")
}

function edgeLine(terminal: Terminal, { edge, node, followed }: Branch, near: GraphNode, width: number): string {
  const isOut = edge.from === near.id
  const [out, into] = readings[edge.type] ?? [edge.type.toLowerCase(), edge.type.toLowerCase()]
  const verb = isOut ? `${out} →` : `← ${into}`
  const facts = [
    node.kind.replaceAll("_", " "),
    node.seen ? node.state : "not seen yet",
    edge.confidence < 1 ? `${Math.round(edge.confidence * 100)} %` : undefined,
    span(edge),
    edge.detectedBy === "rule" ? undefined : edge.detectedBy,
    followed ? undefined : "shown elsewhere",
  ].filter(Boolean)
  const about = `(${facts.join(", ")})`
  const { name, title } = called(node)
  const room = width - verb.length - name.length - about.length - 4
  const words = title && room > 12 ? ` ${cut(title, room)}` : ""
  return `${terminal.style("yellow", verb)} ${terminal.style("bold", name)}${words} ${dim(terminal, about)}`
}

/** Edges that the source gives no time for begin at 0. */
const day = (time: string): string | undefined => (time.startsWith("1970-01-01") ? undefined : time.slice(0, 10))

function span({ since, until }: Pick<GraphEdge, "since" | "until">): string | undefined {
  const from = day(since)
  if (until === null) return from && `since ${from}`
  return `${from ?? "…"} to ${day(until) ?? "…"}`
}

/** A document that has a place in the tree goes by its name there. */
function evidenceLine(terminal: Terminal, drawn: Drawn, piece: Evidence, width: number): string {
  const kind = piece.kind.replaceAll("_", " ")
  const node = piece.observationId === null ? drawn.documents.get(piece.documentId ?? "") : undefined
  if (node) return dim(terminal, `says ${kind} ${called(node).name}`)
  const says = `says ${piece.source} ${kind}: `
  const address = piece.url ? `  ${piece.url}` : ""
  const words = cut(piece.title || piece.text || "", Math.max(24, width - says.length - address.length))
  return `${dim(terminal, `${says}${words}`)}${terminal.style("cyan", address)}`
}

const dim = (terminal: Terminal, text: string): string => terminal.style("dim", text)
