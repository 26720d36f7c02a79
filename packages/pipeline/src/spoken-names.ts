import type { ShownSummary } from "@engram/contracts/consolidation"
import { cutText } from "@engram/contracts/cut-text"
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
  /** What each rests on, too. */
  const withEvidence = async <Item extends { readonly evidence: readonly Piece[] | null }>(
    workspaceId: string,
    items: readonly Item[],
  ): Promise<Item[]> => {
    const pieces = items.flatMap(({ evidence }) => evidence ?? [])
    const named = await name(workspaceId, pieces, urlOf, ["text"])
    const spoken = new Map(pieces.map((piece, at) => [piece, named[at]!]))
    return items.map((item) => ({ ...item, evidence: item.evidence?.map((each) => spoken.get(each)!) ?? null }))
  }
  return {
    hits: async (workspaceId: string, found: readonly SearchHit[]): Promise<SearchHit[]> => {
      const hits = await name(workspaceId, found, urlsOfHit, ["title", "section", "passage"])
      return withEvidence(workspaceId, hits)
    },

    summaries: async (workspaceId: string, found: readonly ShownSummary[]): Promise<ShownSummary[]> => {
      const summaries = await name(workspaceId, found, urlsOfHit, ["title", "text"])
      const said = summaries.flatMap(({ sentences, evidence }) =>
        sentences.map((sentence) => ({
          ...sentence,
          urls: evidence.flatMap(({ id, url }) => (url !== null && sentence.cites.includes(id) ? [url] : [])),
        })),
      )
      const spoken = await name(workspaceId, said, ({ urls }) => urls, ["text"])
      const sentences = spoken.map(({ text, cites }) => ({ text, cites }))
      let at = 0
      const named = summaries.map((summary) => {
        const own = sentences.slice(at, at + summary.sentences.length)
        at += own.length
        return { ...summary, sentences: own }
      })
      return withEvidence(workspaceId, named)
    },

    document: async (workspaceId: string, view: DocumentView): Promise<DocumentView> => {
      const { url } = view
      const [head] = await name(workspaceId, [view], urlOf, ["title"])
      const chunks = await name(workspaceId, view.chunks, () => urlOf({ url }), ["section", "text"])
      const observations = await name(workspaceId, view.observations, (one) => urlOf({ url: one.url ?? url }), [
        "title",
        "summary",
        "text",
      ])
      return { ...head!, chunks, observations }
    },

    neighbourhood: async (workspaceId: string, found: Neighbourhood): Promise<Neighbourhood> => {
      const pieces = found.edges.flatMap(({ evidence }) => evidence)
      const [nodes, evidence] = await Promise.all([
        name(workspaceId, found.nodes, urlOf, ["name", "title"]),
        name(workspaceId, pieces, urlOf, ["title", "text"]),
      ])
      const spoken = new Map(pieces.map((piece, at) => [piece, evidence[at]!]))
      const edges = found.edges.map((edge) => ({ ...edge, evidence: edge.evidence.map((piece) => spoken.get(piece)!) }))
      return { ...found, nodes, edges }
    },
  }
}

interface Piece {
  readonly text: string
  readonly url: string | null
}

const urlOf = ({ url }: { readonly url: string | null }): string[] => (url === null ? [] : [url])

/** What is of no document says what its evidence says, each piece at a place of its own. */
const urlsOfHit = (item: { readonly url?: string | null; readonly evidence: readonly Piece[] | null }): string[] => [
  ...new Set([...urlOf({ url: item.url ?? null }), ...(item.evidence ?? []).flatMap(urlOf)]),
]

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
    urlsOf: (item: Item) => readonly string[],
    fields: readonly (keyof Item & string)[],
  ): Promise<Item[]> => {
    const places = items.flatMap((item, at) =>
      fields.flatMap((field): Place[] => {
        const text = item[field]
        if (typeof text !== "string") return []
        const ids = urlsOf(item)
          .flatMap((url) => Object.values(sources).flatMap((source) => source.writtenIds?.(text, url) ?? []))
          .sort((a, b) => a.from - b.from)
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
    const name = cutText((nameOf(id) ?? "").replace(/\s+/g, " ").trim(), nameCharsMax)
    if (!name || id.from < end) continue
    result += `${text.slice(end, id.from)}${name}`
    end = id.to
  }
  return result + text.slice(end)
}
