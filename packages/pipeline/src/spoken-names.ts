import type { DocumentView } from "@engram/contracts/documents"
import type { AccountNames, WrittenId } from "@engram/contracts/names"
import type { Neighbourhood } from "@engram/contracts/neighbourhood"
import type { SearchHit } from "@engram/contracts/search"
import type { Source } from "@engram/contracts/source"
import { aliasId } from "@engram/core/ids"

/** Longer names are cut: they stand in running text. */
const nameCharsMax = 80

export interface SpokenNamesDeps {
  readonly names: AccountNames
  readonly sources: Readonly<Record<string, Pick<Source, "writtenIds">>>
}

/**
 * Puts names in place of the ids that texts have for people, as a reader sees them: what somebody is called now, by the exact
 * id and the team it belongs to. What is stored keeps the id, so it depends on no order, no renaming changes a document, and a
 * forgotten name is nowhere left. An id that is not known stays.
 */
export function spokenNames(deps: SpokenNamesDeps) {
  const name = nameTexts(deps)
  return {
    hits: (workspaceId: string, hits: readonly SearchHit[]): Promise<SearchHit[]> =>
      name(workspaceId, hits, ({ url }) => url, ["title", "section", "passage"]),

    document: async (workspaceId: string, view: DocumentView): Promise<DocumentView> => {
      const { url } = view
      const [head] = await name(workspaceId, [view], () => url, ["title"])
      const chunks = await name(workspaceId, view.chunks, () => url, ["section", "text"])
      const observations = await name(workspaceId, view.observations, (one) => one.url ?? url, [
        "title",
        "summary",
        "text",
      ])
      return { ...head!, chunks, observations }
    },

    neighbourhood: async (workspaceId: string, found: Neighbourhood): Promise<Neighbourhood> => {
      const pieces = found.edges.flatMap(({ evidence }) => evidence)
      const [nodes, evidence] = await Promise.all([
        name(workspaceId, found.nodes, ({ url }) => url, ["name", "title"]),
        name(workspaceId, pieces, ({ url }) => url, ["title", "text"]),
      ])
      const spoken = new Map(pieces.map((piece, at) => [piece, evidence[at]!]))
      const edges = found.edges.map((edge) => ({ ...edge, evidence: edge.evidence.map((piece) => spoken.get(piece)!) }))
      return { ...found, nodes, edges }
    },
  }
}

interface Place {
  readonly item: number
  readonly field: string
  readonly text: string
  readonly ids: readonly WrittenId[]
}

/** One question for all ids of all items, and none where there are no ids. */
const nameTexts =
  ({ names, sources }: SpokenNamesDeps) =>
  async <Item extends object>(
    workspaceId: string,
    items: readonly Item[],
    urlOf: (item: Item) => string | null,
    fields: readonly (keyof Item & string)[],
  ): Promise<Item[]> => {
    const places = items.flatMap((item, at) =>
      fields.flatMap((field): Place[] => {
        const text = item[field]
        const url = urlOf(item)
        if (typeof text !== "string" || url === null) return []
        const ids = Object.values(sources).flatMap((source) => source.writtenIds?.(text, url) ?? [])
        return ids.length > 0 ? [{ item: at, field, text, ids }] : []
      }),
    )
    if (places.length === 0) return [...items]
    const aliases = places.flatMap(({ ids }) => ids.map(({ alias }) => alias))
    const called = await names.called(workspaceId, [
      ...new Map(aliases.map((each) => [`${each.type} ${each.value}`, each])).values(),
    ])
    const answer = items.map((item) => ({ ...(item as { [field: string]: unknown }) }))
    for (const { item, field, text, ids } of places)
      answer[item]![field] = named(text, ids, ({ alias }) => called.get(aliasId(workspaceId, alias)))
    return answer as unknown as Item[]
  }

function named(text: string, ids: readonly WrittenId[], nameOf: (id: WrittenId) => string | undefined): string {
  let result = ""
  let end = 0
  for (const id of ids) {
    const name = nameOf(id)?.replace(/\s+/g, " ").trim().slice(0, nameCharsMax)
    if (!name || id.from < end) continue
    result += `${text.slice(end, id.from)}${name}`
    end = id.to
  }
  return result + text.slice(end)
}
