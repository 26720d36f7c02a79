import type { GraphIndex, GraphNode, GraphReader } from "@engram/contracts/neighbourhood"
import { findNode } from "@engram/pipeline/find-node"
import { aliasesAsked } from "@engram/sources/text/asked-names"
import { UsageError } from "./explain-error.ts"
import { nameNode } from "./show-neighbourhood.ts"

const suggestionsMax = 5

/** The node that is meant: what goes by the name or, where nothing does, the only thing that is called so. */
export async function meantNode(graph: GraphIndex, reader: GraphReader, entity: string): Promise<string> {
  const found = await findNode({ graph })(reader.workspaceId, entity, aliasesAsked(entity))
  if (found !== undefined) return found
  const alike = await graph.resembling(reader, entity.trim(), suggestionsMax)
  const exact = alike.filter((node) => node.exact)
  if (exact.length === 1) return exact[0]!.id
  throw new UsageError(notFound(entity, exact.length > 1 ? exact : alike, exact.length > 1))
}

function notFound(entity: string, alike: readonly GraphNode[], several: boolean): string {
  const words = several ? `more than one thing is called ${entity}` : `nothing goes by ${entity}`
  if (alike.length === 0) return `${words}; try owner/repo#12, a key, an address, or an alias as type:value`
  return `${words}; did you mean ${alike.map((node) => `${nameNode(node)} (${node.id})`).join(", ")}?`
}
