import type { EmbeddingVersion } from "@engram/contracts/knowledge"
import type { VectorIndex } from "@engram/contracts/ports"
import type { Bias, ProfileHit, Reader, SearchHit, SearchIndex } from "@engram/contracts/search"
import { compareText } from "@engram/core/compare-text"
import { namespaceOf, vectorRef } from "./embed.ts"

/** Profiles that a question may be near to. */
const profilesMax = 5
/** A profile less like the question than this says nothing of it: two texts without a word in common are seldom further. */
const similarityMin = 0.2
/** What a profile that is the question itself adds: a tenth of a first place in one list. It orders neighbours and overrules no list. */
const biasMax = 0.1 / 61
/** Hits that a bias is looked for. */
export const biasedMax = 100

/** The nearest of the profiles that each hit, by its id, is of. */
export async function readBiases(
  { search, index }: { readonly search: SearchIndex; readonly index: VectorIndex },
  reader: Reader,
  { values, version }: { readonly values: Float32Array; readonly version: EmbeddingVersion },
  hits: readonly SearchHit[],
): Promise<ReadonlyMap<string, Bias>> {
  const target = { index: version.indexName, namespace: namespaceOf("profiles", version) }
  const near = (await index.query(target, values, { topK: profilesMax * 3 })).filter(
    ({ score }) => score >= similarityMin,
  )
  const similarity = new Map<string, number>()
  for (const { id, score } of near) {
    const profile = vectorRef("profiles", id).refId
    similarity.set(profile, Math.max(score, similarity.get(profile) ?? 0))
  }
  if (similarity.size === 0 || hits.length === 0) return new Map()
  const profiles = (await search.profiles(reader, [...similarity.keys()]))
    .sort((a, b) => similarity.get(b.id)! - similarity.get(a.id)! || compareText(a.id, b.id))
    .slice(0, profilesMax)
  const ids = hits.flatMap(({ id, documentId }) => (documentId === null ? [id] : [id, documentId]))
  const about = await search.about(
    reader,
    profiles.map(({ entityId }) => entityId),
    ids,
  )
  const entitiesOf = Map.groupBy(about, ({ id }) => id)
  const profileOf = ({ id, documentId }: SearchHit): ProfileHit | undefined => {
    const rows = [...(entitiesOf.get(id) ?? []), ...(entitiesOf.get(documentId ?? "") ?? [])]
    const entityIds = new Set(rows.map(({ entityId }) => entityId))
    return profiles.find(({ entityId }) => entityIds.has(entityId))
  }
  const biases = new Map<string, Bias>()
  for (const hit of hits) {
    const profile = profileOf(hit)
    if (profile) biases.set(hit.id, toBias(profile, similarity.get(profile.id)!))
  }
  return biases
}

const toBias = ({ entityId, entity }: ProfileHit, similarity: number): Bias => ({
  entityId,
  entity,
  similarity,
  added: similarity * biasMax,
})

/** The hits with what their bias adds, best first. */
export function biased(hits: readonly SearchHit[], biases: ReadonlyMap<string, Bias>): SearchHit[] {
  return hits
    .map((hit) => {
      const bias = biases.get(hit.id)
      return { ...hit, score: hit.score + (bias?.added ?? 0), bias: bias ? [bias] : [] }
    })
    .sort((a, b) => b.score - a.score || compareText(a.documentId ?? a.id, b.documentId ?? b.id))
}
