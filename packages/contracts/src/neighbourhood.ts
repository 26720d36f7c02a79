import type { AliasRef, RelationshipType } from "./graph.ts"

/** Reading the graph: who and what stands around one thing, and what says so. */

export type Direction = "out" | "in"

/** Who is asking. The operator's own command line sees `all` stores and scopes. */
export interface GraphReader {
  readonly workspaceId: string
  readonly storeId: string
  readonly scopeIds: readonly string[] | "all"
}

/** What edges join. All aliases of one entity, and all accounts of one person, are one node; a name that is nobody's yet is one too. */
export interface GraphNode {
  /** Of the entity (of a person: the first account's), or of the alias that nobody claimed. */
  readonly id: string
  /** `pull_request`, `account`, `repository`, …; `person` for several accounts of one; of a name that nobody claimed what sort of name it is: `issue_key`, `page`. */
  readonly kind: string
  /** False while nothing but mentions of it have arrived. */
  readonly seen: boolean
  /** What people call it: `octo/app#12`, `ENG-123`, `octocat`. */
  readonly name: string
  readonly title: string | null
  readonly state: string | null
  readonly url: string | null
  readonly documentId: string | null
}

/** What says that an edge holds. */
export interface Evidence {
  readonly documentId: string | null
  /** Set where one event says so, and not the text or state of a document. */
  readonly observationId: string | null
  readonly source: string
  /** Of the document or observation: `issue`, `merged`. */
  readonly kind: string
  readonly title: string
  readonly url: string | null
  /** What the observation tells, at most 320 characters. */
  readonly text: string | null
  readonly confidence: number
  /** RFC 3339 */
  readonly since: string
  readonly until: string | null
}

export interface GraphEdge {
  readonly type: RelationshipType
  /** Node ids. */
  readonly from: string
  readonly to: string
  readonly detectedBy: "rule" | "llm" | "manual"
  /** Of all evidence that the reader may see. */
  readonly confidence: number
  /** RFC 3339 */
  readonly since: string
  /** null while it holds. */
  readonly until: string | null
  /** The surest and newest of it. */
  readonly evidence: readonly Evidence[]
  readonly evidenceCount: number
}

/** Nodes and edges in the order they were reached: first the one asked for. */
export interface Neighbourhood {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
  /** Nodes with more neighbours than were taken along, by id. */
  readonly cut: readonly string[]
}

/** An alias, and the node it belongs to now. */
export interface NodeAlias {
  readonly id: string
  readonly nodeId: string
  readonly type: string
  readonly value: string
}

/** An edge from or to one alias, as it is stored: whoever asks. */
export interface StoredEdge {
  readonly id: string
  readonly type: RelationshipType
  readonly otherAliasId: string
  readonly detectedBy: GraphEdge["detectedBy"]
  /** RFC 3339 */
  readonly since: string
}

/** The edges of one alias in one direction. */
export interface Adjacency {
  readonly aliasId: string
  readonly direction: Direction
}

/** What the evidence that a reader may see says of one edge. */
export interface EdgeEvidence {
  readonly relationshipId: string
  readonly confidence: number
  readonly since: string
  readonly until: string | null
  readonly evidence: readonly Evidence[]
  readonly evidenceCount: number
}

/** The graph in Postgres. Privacy is decided at the moment of reading. */
export interface GraphIndex {
  /** The nodes that go by these aliases, ids (of entities, aliases, documents) or addresses; in no order, each once. */
  find(
    workspaceId: string,
    names: { readonly aliases: readonly AliasRef[]; readonly ids: readonly string[]; readonly urls: readonly string[] },
  ): Promise<string[]>
  /** Nodes whose names hold the text: those that are called exactly so first, then the shortest. */
  resembling(reader: GraphReader, text: string, max: number): Promise<(GraphNode & { readonly exact: boolean })[]>
  aliases(workspaceId: string, nodeIds: readonly string[]): Promise<NodeAlias[]>
  /** Changes whenever one of the alias's live edges does. `count` says how many they are. */
  stamps(
    workspaceId: string,
    aliasIds: readonly string[],
  ): Promise<(Adjacency & { readonly stamp: string; readonly count: number })[]>
  /** Live edges, at most `max` an alias and direction: each type's newest by turns. With a reader, only those it may see evidence of. */
  edges(
    workspaceId: string,
    asked: readonly Adjacency[],
    max: number,
    reader?: GraphReader,
  ): Promise<(Adjacency & { readonly edges: readonly StoredEdge[] })[]>
  /** Edges without evidence for this reader are left out. At most `evidenceMax` pieces an edge. */
  evidence(reader: GraphReader, relationshipIds: readonly string[], evidenceMax: number): Promise<EdgeEvidence[]>
  /** The nodes that aliases belong to, as this reader may see them. */
  nodes(reader: GraphReader, aliasIds: readonly string[]): Promise<ReadonlyMap<string, GraphNode>>
}
