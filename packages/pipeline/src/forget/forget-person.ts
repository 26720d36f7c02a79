import type { NamedDocument, NamedPerson } from "@engram/contracts/forget"
import type { DocumentId } from "@engram/contracts/ids"
import type { ObservationRow } from "@engram/contracts/knowledge"
import type { Forgotten } from "@engram/core/forget/forgotten"
import { isForgottenPart, scrubFields, scrubPart, scrubText } from "@engram/core/forget/scrub"
import type { EntityState } from "@engram/core/state/entity"
import { type PartState, partsFromStored } from "@engram/core/state/part"
import { writeChunks } from "../persist/chunks.ts"
import { renderChange } from "../persist/document-change.ts"
import { isGone } from "../persist/documents.ts"
import { writeEvidence } from "../persist/graph.ts"
import { writeMemory } from "../persist/memory.ts"
import { observationHash } from "../persist/observations.ts"
import { placeOf } from "../persist/place.ts"
import { observationVectors } from "../persist/wanted-vectors.ts"
import type { ForgetDeps } from "./forget-deps.ts"

const batch = 20

interface Work {
  readonly workspaceId: string
  readonly forgettingId: string
  readonly person: NamedPerson
  readonly words: readonly string[]
  readonly partIds: readonly string[]
  readonly forgotten: Forgotten
  readonly count: (counts: { readonly [what: string]: number }) => void
}

/**
 * Takes a person out of everything: their words stay, as nobody's. Names give way to `[forgotten]`, links to them go, then their
 * accounts; bytes of deliveries that name them go whole.
 */
export async function forgetPerson(deps: ForgetDeps, work: Work): Promise<void> {
  const { workspaceId, words, partIds } = work
  for (let after = ""; partIds.length > 0; ) {
    const ids = await deps.ledger.documentsHolding(workspaceId, { words, partIds }, after, batch)
    if (ids.length === 0) break
    after = ids.at(-1)!
    work.count({ documentsRewritten: await rewriteDocuments(deps, work, ids) })
  }
  await deps.ledger.dropSuperseded(workspaceId, work.forgettingId)
  await scrubMoments(deps, work)
  await scrubEntities(deps, work)
  await forgetBytes(deps, work)
  work.count(await deps.ledger.removeQueriesHolding(workspaceId, work.words))
  work.count(await deps.ledger.removePerson(workspaceId, work.forgettingId, work.person))
}

/** Rendered anew from parts without the person and without those that are theirs, as persist would have from the start. */
async function rewriteDocuments(deps: ForgetDeps, work: Work, ids: readonly DocumentId[]): Promise<number> {
  const { workspaceId } = work
  await deps.ledger.noteRewritten(workspaceId, work.forgettingId, ids)
  const keys = await deps.ledger.documentKeys(workspaceId, ids)
  const byStore = Map.groupBy(keys, ({ storeId }) => storeId)
  let rewritten = 0
  for (const [storeId, documents] of byStore) {
    rewritten += await deps.knowledge.write(workspaceId, async (write) => {
      await write.assertNotHeld()
      const place = placeOf({ workspaceId, storeId })
      const versions = await write.lockVersions(storeId)
      const stored = await write.lockDocuments(documents.map((each) => keyOf(each, place)))
      const changes = stored.flatMap((document) => {
        const source = deps.sources[document.source]
        const stays = (part: PartState) => !isForgottenPart(part.partId, work.forgotten)
        const all = partsFromStored(document.parts)
        const before = all.filter(stays)
        const parts = before.map((part) => scrubPart(part, work.forgotten))
        const changed = parts.filter((part, at) => part !== before[at])
        if ((changed.length === 0 && before.length === all.length) || source === undefined) return []
        return [renderChange(place, document, { parts, changed, source, acceptedAt: deps.now() })]
      })
      await write.removeParts(
        changes.flatMap(({ stored: { id, parts } }) =>
          partsFromStored(parts)
            .filter(({ partId }) => isForgottenPart(partId, work.forgotten))
            .map(({ partId }) => ({ documentId: id, partId })),
        ),
      )
      await write.saveParts(
        changes.flatMap(({ stored: { id }, changedParts }) =>
          changedParts.map((state) => ({ documentId: id, partId: state.partId, state })),
        ),
      )
      await write.saveDocuments(changes.flatMap(({ rendered }) => rendered?.row ?? []))
      await write.hideDocuments(
        changes.filter(isGone).map(({ stored }) => ({ id: stored.id, version: stored.version + 1 })),
      )
      await writeChunks(write, place, versions, changes, deps.chunkLimits)
      const { evidence } = await writeMemory(write, place, versions, [], changes)
      await writeEvidence(write, place, changes, evidence)
      await write.saveAliases([...place.mentioned()].map(([id, ref]) => ({ id, ...ref, entityId: null, at: 0 })))
      return changes.length
    })
  }
  return rewritten
}

const keyOf = ({ id, storeId, source, sourceId, alias }: NamedDocument, place: ReturnType<typeof placeOf>) => ({
  id,
  storeId,
  source,
  sourceId,
  aliasId: place.alias(alias),
})

async function scrubMoments(deps: ForgetDeps, work: Work): Promise<void> {
  const { workspaceId, forgettingId, words, person, forgotten } = work
  const aliasIds = new Set<string>(person.aliasIds)
  const scrub = (text: string | null) => (text === null ? null : scrubText(text, forgotten))
  for (let after = ""; ; ) {
    const rows = await deps.ledger.momentsHolding(workspaceId, words, person.aliasIds, after, batch)
    if (rows.length === 0) return
    after = rows.at(-1)!.id
    const scrubbed = rows.map((row): ObservationRow => {
      const subjectAliasIds = row.subjectAliasIds.filter((id) => !aliasIds.has(id))
      const said = { title: scrub(row.title), summary: scrub(row.summary), text: scrub(row.text)!, url: scrub(row.url) }
      const next = { ...row, ...said, subjectAliasIds }
      return { ...next, contentHash: observationHash(next) }
    })
    const changed = scrubbed.filter((row, at) => row.contentHash !== rows[at]!.contentHash)
    await deps.ledger.noteTexts(
      workspaceId,
      forgettingId,
      changed.map(({ id }) => id),
    )
    for (const [storeId, same] of Map.groupBy(changed, (row) => row.storeId)) {
      await deps.knowledge.write(workspaceId, async (write) => {
        await write.assertNotHeld()
        const versions = await write.lockVersions(storeId)
        const wanted = same.filter(({ live }) => live).flatMap((row) => observationVectors(versions, row))
        await write.wantVectors(wanted)
        await write.keepViews(wanted)
      })
    }
    // Last: a moment that still names them is found again after a kill.
    await deps.ledger.saveMoments(workspaceId, forgettingId, changed)
    work.count({ momentsRewritten: changed.length })
  }
}

async function scrubEntities(deps: ForgetDeps, { workspaceId, words, person, forgotten, count }: Work): Promise<void> {
  if (words.length === 0) return
  const own = new Set<string>(person.entityIds)
  const rows = (await deps.ledger.entitiesHolding(workspaceId, words)).filter(({ id }) => !own.has(id))
  const changed = rows.flatMap(({ id, state }) => {
    const before = state as EntityState
    const fields = scrubFields(before.fields, forgotten)
    return fields === before.fields ? [] : [{ id, state: { ...before, fields } }]
  })
  await deps.ledger.saveEntityStates(workspaceId, changed)
  count({ entitiesRewritten: changed.length })
}

/** Looks through the bytes of every delivery: which of them name a person is written nowhere. */
async function forgetBytes(deps: ForgetDeps, { workspaceId, forgettingId, words, count }: Work): Promise<void> {
  for (let after = ""; words.length > 0; ) {
    const rows = await deps.ledger.deliveriesWithBytes(workspaceId, after, batch)
    if (rows.length === 0) return
    after = rows.at(-1)!.id
    const bodies = await Promise.all(rows.map((row) => row.body ?? deps.artifacts.get(row.artifactKey!)))
    const naming = rows.filter((_, at) => holdsAny(bodies[at], words)).map(({ id }) => id)
    await deps.ledger.forgetBodies(workspaceId, forgettingId, naming)
    count({ deliveries: naming.length })
  }
}

/** Whether one of the words stands in the bytes as a word, also as a URL or a form writes it. */
export function holdsAny(bytes: Uint8Array | undefined | null, words: readonly string[]): boolean {
  if (!bytes || words.length === 0) return false
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8")
  const written = words.flatMap((word) => [word, encodeURIComponent(word)])
  const any = written.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${any})(?![\\p{L}\\p{N}])`, "iu").test(text)
}
