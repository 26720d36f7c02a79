import type { DocumentDraft, Drafts, MomentDraft } from "@engram/contracts/draft"
import type { Json } from "@engram/contracts/json"
import { type Forgotten, suppressionText } from "./forgotten.ts"
import { isForgottenAlias, isForgottenPart, keptLinks, scrubJson } from "./scrub.ts"

/** The drafts without what was forgotten; the same object when none of it was. Pure. */
export function withoutForgotten(drafts: Drafts, source: string, forgotten: Forgotten): Drafts {
  if (forgotten.whole || forgotten.has("source", suppressionText.source(source))) return nothing
  const kept = forgotten.people ? scrubbed(drafts, forgotten) : drafts
  const isGone = (sourceId: string): boolean => forgotten.has("document", suppressionText.document(source, sourceId))
  const documents = same(
    kept.documents.filter(({ sourceId, alias }) => !isGone(sourceId) && !isForgottenAlias(alias, forgotten)),
    kept.documents,
  ).map((document) => keptParts(document, forgotten))
  const moments = same(
    kept.moments.filter(
      ({ documentSourceId, thing }) =>
        !(documentSourceId !== undefined && isGone(documentSourceId)) && !isForgottenAlias(thing, forgotten),
    ),
    kept.moments,
  ).map((moment) => keptMoment(moment, forgotten))
  const entities = same(
    kept.entities.filter(({ alias }) => !isForgottenAlias(alias, forgotten)),
    kept.entities,
  ).map((entity) => {
    const aliases = same(
      entity.aliases.filter((alias) => !isForgottenAlias(alias, forgotten)),
      entity.aliases,
    )
    return aliases === entity.aliases ? entity : { ...entity, aliases }
  })
  const after = {
    ...kept,
    documents: same(documents, kept.documents),
    moments: same(moments, kept.moments),
    entities: same(entities, kept.entities),
  }
  const unchanged =
    kept === drafts &&
    after.documents === kept.documents &&
    after.moments === kept.moments &&
    after.entities === kept.entities
  return unchanged ? drafts : after
}

const nothing: Drafts = { documents: [], moments: [], entities: [], scopes: [] }

/** Parts that are a forgotten person's go before names are scrubbed: afterwards nobody could tell whose they were. */
function scrubbed(drafts: Drafts, forgotten: Forgotten): Drafts {
  const documents = same(
    drafts.documents.flatMap((document) => {
      const parts = document.parts.filter(({ partId }) => !isForgottenPart(partId, forgotten))
      if (parts.length === document.parts.length) return document
      return parts.length === 0 ? [] : { ...document, parts }
    }),
    drafts.documents,
  )
  const left = documents === drafts.documents ? drafts : { ...drafts, documents }
  return scrubJson(left as unknown as Json, forgotten) as unknown as Drafts
}

function keptParts(document: DocumentDraft, forgotten: Forgotten): DocumentDraft {
  const parts = same(
    document.parts.map((part) => {
      const entries = Object.entries(part.links).map(([name, links]) => [name, keptLinks(links, forgotten)] as const)
      return entries.every(([name, links]) => links === part.links[name])
        ? part
        : { ...part, links: Object.fromEntries(entries) }
    }),
    document.parts,
  )
  return parts === document.parts ? document : { ...document, parts }
}

function keptMoment(moment: MomentDraft, forgotten: Forgotten): MomentDraft {
  const links = keptLinks(moment.links, forgotten)
  const subjects = same(
    moment.subjects.filter((subject) => !isForgottenAlias(subject, forgotten)),
    moment.subjects,
  )
  return links === moment.links && subjects === moment.subjects ? moment : { ...moment, links, subjects }
}

/** The one before, when nothing in it changed. */
const same = <Item>(after: readonly Item[], before: readonly Item[]): readonly Item[] =>
  after.length === before.length && after.every((item, at) => item === before[at]) ? before : after
