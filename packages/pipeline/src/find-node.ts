import type { AliasRef } from "@engram/contracts/graph"
import type { GraphIndex } from "@engram/contracts/neighbourhood"

/**
 * The node that a person means: a document, entity or alias by its id, a document by its address, or what goes by the first of
 * these aliases that is known. undefined when nothing does, or two things do.
 */
export const findNode =
  ({ graph }: { readonly graph: Pick<GraphIndex, "find"> }) =>
  async (workspaceId: string, asked: string, aliases: readonly AliasRef[]): Promise<string | undefined> => {
    const text = asked.trim()
    const ids = /^(?:ent|als|doc)_\w+$/.test(text) ? [text] : []
    const urls = /^https?:\/\//i.test(text) ? [text, text.replace(/[?#].*$/s, "")] : []
    const guesses = [{ aliases: [], ids, urls }, ...aliases.map((alias) => ({ aliases: [alias], ids: [], urls: [] }))]
    for (const names of guesses) {
      const found = await graph.find(workspaceId, names)
      if (found.length === 1) return found[0]
    }
    return undefined
  }
